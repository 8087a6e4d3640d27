"""Text stays above the backend port: no engine's adapter renders or tokenizes any."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import lmrt.adapters

ADAPTERS = Path(lmrt.adapters.__file__).parent
ENGINES = ("llama_cpp", "mlx", "torch")
OF_TEXT = frozenset({"llama_cpp/vocabulary.py"})
"""The tokenizer of GGUFs, a port of its own, lies beside the engine whose vocabulary it reads."""

MODULES = (
    "jinja2",
    "tokenizers",
    "mlx_lm.chat_templates",
    "mlx_lm.tokenizer_utils",
    "transformers.models.auto.tokenization_auto",
    "transformers.tokenization",
    "transformers.utils.chat_template_utils",
)
NAMES = frozenset({
    "AutoTokenizer", "LlamaTokenizer", "PreTrainedTokenizer", "PreTrainedTokenizerFast",
    "TokenizerWrapper", "apply_chat_template", "chat_template", "load_tokenizer",
    "create_chat_completion", "llama_chat_apply_template", "llama_tokenize", "llama_detokenize",
    "llama_token_to_piece",
})  # fmt: skip


def uses_of_text(source: str) -> Iterator[str]:
    """Yield what a module uses that renders or tokenizes text."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names):
                used = [alias.name for alias in names]
            case ast.ImportFrom(module=str(module), names=names):
                used = [module, *(f"{module}.{alias.name}" for alias in names)]
                used += [alias.name for alias in names]
            case ast.Attribute(attr=name) | ast.Name(id=name):
                used = [name]
            case ast.Constant(value=str(name)) if name.isidentifier():
                used = [name]  # as `getattr` takes it
            case _:
                continue
        yield from (one for one in used if one in NAMES or one.startswith(MODULES))
        # It loads the tokenizer with the model; `load_model` does not
        yield from (one for one in used if one in ("mlx_lm.load", "mlx_lm.utils.load"))


@pytest.mark.parametrize("engine", ENGINES)
def test_no_adapter_of_an_engine_handles_text(engine: str) -> None:
    modules = sorted((ADAPTERS / engine).glob("**/*.py"))
    assert modules
    found = {
        name: sorted(set(uses_of_text(module.read_text("utf-8"))))
        for module in modules
        if (name := module.relative_to(ADAPTERS).as_posix()) not in OF_TEXT
    }
    assert not {name: uses for name, uses in found.items() if uses}


@pytest.mark.parametrize(
    "source",
    [
        "import tokenizers",
        "from jinja2 import Template",
        "from mlx_lm import load",
        "from mlx_lm.utils import load_model, load_tokenizer",
        "def f():\n    from transformers import AutoTokenizer",
        "model.tokenizer.apply_chat_template(messages)",
        "getattr(api, 'llama_tokenize')",
    ],
)
def test_uses_of_text_are_seen(source: str) -> None:
    assert list(uses_of_text(source))


def test_the_tokenizer_of_ggufs_is_seen() -> None:
    for name in OF_TEXT:
        assert list(uses_of_text((ADAPTERS / name).read_text("utf-8")))
