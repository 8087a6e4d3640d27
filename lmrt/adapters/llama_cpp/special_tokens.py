"""The tokens of a GGUF's vocabulary that are not text."""

import ctypes
from collections.abc import Mapping
from itertools import repeat
from types import MappingProxyType
from typing import Any

from attrs import frozen

from lmrt.domain.prompts import looks_structural

_VALUE_BYTES = 64
_NO_TOKEN = -1


@frozen
class SpecialTokens:
    """The tokens that are not text.

    Attributes:
        control: Text to id of the tokens that structure a conversation, end tokens included.
        ids: Their ids.
        ends: Those that end a turn or the text.
        marks: Texts that the engine finds as tokens in ordinary text too.
        take_before: Texts of control tokens that take the white space before them.
        take_after: Texts of those that take the white space after them.
    """

    control: Mapping[str, int]
    ids: frozenset[int]
    ends: frozenset[int]
    marks: tuple[str, ...]
    take_before: tuple[str, ...]
    take_after: tuple[str, ...]


def scan(api: Any, model: int) -> SpecialTokens:
    """Look at every token; it takes longer than the load of the vocabulary itself."""
    vocabulary = api.llama_model_get_vocab(model)
    size = api.llama_vocab_n_tokens(vocabulary)
    attributes = list(map(api.llama_vocab_get_attr, repeat(vocabulary, size), range(size)))
    control, marked = api.LLAMA_TOKEN_ATTR_CONTROL, api.LLAMA_TOKEN_ATTR_USER_DEFINED
    unusual = control | marked | api.LLAMA_TOKEN_ATTR_UNKNOWN
    # The engine marks end tokens as control tokens, but for those that the file names
    asked = {token for token in range(size) if attributes[token] & unusual}
    named = {declared_token(api, model, "eos"), api.llama_vocab_eot(vocabulary)}
    asked |= named - {None, _NO_TOKEN}
    texts = {token: token_text(api, vocabulary, token) for token in sorted(asked)}
    ends = frozenset(token for token in asked if api.llama_vocab_is_eog(vocabulary, token))
    # It finds user-defined tokens in any text, and takes some control tokens to be of that kind
    ids = ends.union(
        token
        for token, text in texts.items()
        if attributes[token] & ~marked & unusual or looks_structural(text)
    )
    return SpecialTokens(
        control=MappingProxyType({texts[token]: token for token in sorted(ids)}),
        ids=ids,
        ends=ends,
        marks=tuple(text for token, text in texts.items() if attributes[token] & marked),
        take_before=_having(attributes, texts, ids, api.LLAMA_TOKEN_ATTR_LSTRIP),
        take_after=_having(attributes, texts, ids, api.LLAMA_TOKEN_ATTR_RSTRIP),
    )


def _having(
    attributes: list[int], texts: Mapping[int, str], ids: frozenset[int], attribute: int
) -> tuple[str, ...]:
    return tuple(texts[token] for token in sorted(ids) if attributes[token] & attribute)


def declared_token(api: Any, model: int, name: str) -> int | None:
    """Return the `bos` or `eos` token of a file, or None where it has none.

    A file need not name it, or names one beyond its vocabulary: the engine then takes a fixed id,
    which in byte-level vocabularies is an ordinary token.
    """
    vocabulary = api.llama_model_get_vocab(model)
    token = int({"bos": api.llama_vocab_bos, "eos": api.llama_vocab_eos}[name](vocabulary))
    if token < 0:
        return None
    if metadata(api, model, f"tokenizer.ggml.{name}_token_id") == str(token):
        return token
    attributes = api.llama_vocab_get_attr(vocabulary, token)
    return token if attributes & api.LLAMA_TOKEN_ATTR_CONTROL else None


def metadata(api: Any, model: int, key: str) -> str | None:
    """Return a short value of the file's header as text, or None where the key is not there."""
    buffer = ctypes.create_string_buffer(_VALUE_BYTES)
    count = api.llama_model_meta_val_str(model, key.encode(), buffer, _VALUE_BYTES)
    return None if count < 0 else buffer.value.decode("utf-8", "replace")


def token_text(api: Any, vocabulary: int, token: int) -> str:
    """Return a token's own text, in which bytes that are no text are replaced."""
    return str(api.llama_vocab_get_text(vocabulary, token).decode("utf-8", "replace"))
