"""Short ways to ask a tokenizer, for tests."""

from collections.abc import Iterable
from pathlib import Path

from lmrt.adapters.llama_cpp import gguf_tokenizers
from lmrt.domain.prompts import PromptSection
from lmrt.ports.text import Tokenizer
from tests.support.plans import gguf_artifact


def open_gguf(path: Path) -> Tokenizer:
    """Return the tokenizer of a GGUF file."""
    return gguf_tokenizers().open(gguf_artifact(path), path.parent)


def encoded(tokenizer: Tokenizer, text: str, *, control: bool) -> list[int]:
    """Return the ids of a text as one section."""
    return list(tokenizer.encode((PromptSection(text, control),)))


def decoded(tokenizer: Tokenizer, tokens: Iterable[int]) -> bytes:
    """Return the bytes of the tokens, joined."""
    return b"".join(map(tokenizer.token_bytes, tokens))


def own_text(tokenizer: Tokenizer, tokens: Iterable[int]) -> str:
    """Return the text of the tokens, less the space that the vocabulary puts first."""
    data = decoded(tokenizer, tokens)
    return (data.removeprefix(b" ") if tokenizer.puts_space_first else data).decode()
