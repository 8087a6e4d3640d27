"""Answers are the text that transformers decodes, token by token, from both kinds of files."""

import importlib.util
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given

from lmrt.adapters.tokenizers.huggingface import open_tokenizer
from lmrt.application.answer import Answer
from lmrt.domain.sequences import SequenceHandle, TokenSampled
from lmrt.ports.text import Tokenizer
from tests.support.tokenizer_calls import encoded, open_gguf
from tests.support.tokenizer_families import NAMES, write_family
from tests.support.tokenizer_gguf import GGUF_NAMES, write_gguf
from tests.support.tokenizer_texts import TEXTS, texts

transformers = pytest.importorskip("transformers")
ONE = SequenceHandle(0)


def spoken(tokenizer: Tokenizer, tokens: list[int]) -> str:
    """Return what an answer of these tokens says, piece by piece."""
    said: list[str] = []
    answer = Answer(
        tokenizer=tokenizer,
        prompt_tokens=1,
        stops=(),
        end_tokens=frozenset(),
        clock=lambda: 0.0,
        emit=said.append,
        spare_space=tokenizer.puts_space_first,
    )
    for token in tokens:
        answer.take(TokenSampled(ONE, token, None))
    return "".join(said)


@pytest.fixture(
    scope="module", params=[(name, form) for name in NAMES for form in ("json", "gguf")]
)
def family_of(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a family's tokenizer from one kind of file, and that of transformers."""
    name, form = request.param
    root: Path = tmp_path_factory.mktemp("family")
    folder = write_family(name, root)
    theirs = cast("Any", transformers).PreTrainedTokenizerFast.from_pretrained(folder)
    if form == "json":
        return open_tokenizer(folder), theirs
    if importlib.util.find_spec("llama_cpp") is None or name not in GGUF_NAMES:
        pytest.skip("there is no GGUF of the family, or llama-cpp-python is not installed")
    return open_gguf(write_gguf(name, root / "x.gguf")), theirs


def test_an_answer_is_the_decoded_text(family_of: tuple[Tokenizer, Any]) -> None:
    ours, theirs = family_of
    for text in TEXTS:
        tokens = encoded(ours, text, control=False)
        assert spoken(ours, tokens) == theirs.decode(tokens, skip_special_tokens=True), text


def test_any_answer_is_the_decoded_text(family_of: tuple[Tokenizer, Any]) -> None:
    ours, theirs = family_of

    @given(texts())
    def same(text: str) -> None:
        tokens = encoded(ours, text, control=False)
        assert spoken(ours, tokens) == theirs.decode(tokens, skip_special_tokens=True)

    same()


def test_an_answer_within_a_text_keeps_its_letters(family_of: tuple[Tokenizer, Any]) -> None:
    ours, theirs = family_of
    tokens = encoded(ours, "Hello the World", control=False)
    for start in range(1, len(tokens)):
        rest = tokens[start:]
        assert spoken(ours, rest) == theirs.decode(rest, skip_special_tokens=True)
