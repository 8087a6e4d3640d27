"""The tokenizer of a GGUF: the engine's own, over a load of the vocabulary alone."""

import ctypes
import os
import threading
import weakref
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import repeat
from pathlib import Path
from types import MappingProxyType
from typing import Any

from attrs import frozen

from lmrt.adapters.llama_cpp import engine, errors, logs
from lmrt.adapters.llama_cpp.literals import without_literals
from lmrt.domain.errors import ConfigurationError
from lmrt.domain.models import Artifact
from lmrt.ports.text import Tokenizer

_PIECE_BYTES = 64
_NO_TOKEN = -1


class VocabularyFactory:
    """`TokenizerFactory` for GGUF artifacts."""

    def open(self, artifact: Artifact, root: Path) -> Tokenizer:
        """Return the tokenizer of the artifact whose files lie under `root`.

        Raises:
            LoadFailed: Its files are malformed (`malformed-file`).
        """
        return open_vocabulary(root / artifact.files[0].path)


@frozen
class SpecialTokens:
    """The tokens that are not text.

    Attributes:
        control: Text to id of the tokens that structure a conversation, end tokens included.
        ids: Their ids.
        ends: Those that end a turn or the text.
        guarded: Texts of end tokens that the engine would recognise in ordinary text too.
    """

    control: Mapping[str, int]
    ids: frozenset[int]
    ends: frozenset[int]
    guarded: tuple[str, ...]


def open_vocabulary(path: Path) -> "GgufVocabulary":
    """Return the tokenizer of a GGUF file.

    Raises:
        LoadFailed: The file is malformed (`malformed-file`).
    """
    api = engine.api()
    params = api.llama_model_default_params()
    params.vocab_only = True
    logs.take_errors()
    model = api.llama_model_load_from_file(os.fsencode(path), params)
    if not model:
        raise errors.vocabulary_malformed(path, logs.take_errors())
    if api.llama_vocab_type(api.llama_model_get_vocab(model)) == api.LLAMA_VOCAB_TYPE_NONE:
        api.llama_model_free(model)
        raise errors.vocabulary_malformed(path, ("the file holds no tokenizer",))
    return GgufVocabulary(api, model)


class GgufVocabulary:
    """`Tokenizer` over the engine's vocabulary; the engine only reads it, from any thread."""

    def __init__(self, api: Any, model: int) -> None:
        self._api = api
        self._vocabulary = api.llama_model_get_vocab(model)
        self._pieces: dict[int, bytes] = {}
        self._scanning = threading.Lock()
        # At the interpreter's end the process gives all of it back anyway.
        weakref.finalize(self, api.llama_model_free, model).atexit = False

    @cached_property
    def vocabulary_size(self) -> int:
        """Number of token ids."""
        return int(self._api.llama_vocab_n_tokens(self._vocabulary))

    @property
    def end_tokens(self) -> frozenset[int]:
        """Ids that end a turn or the text."""
        return self._special.ends

    @cached_property
    def bos_token(self) -> tuple[int, str] | None:
        """Id and text of the token that starts a text, or None where there is none."""
        token = self._api.llama_vocab_bos(self._vocabulary)
        return None if token < 0 else (int(token), self._text(token))

    @cached_property
    def eos_text(self) -> str:
        """The text of the end-of-sequence token, empty where there is none."""
        token = self._api.llama_vocab_eos(self._vocabulary)
        return "" if token < 0 else self._text(token)

    @cached_property
    def adds_bos(self) -> bool:
        """Whether the model wants its text to start with `bos_token`."""
        return bool(self._api.llama_vocab_get_add_bos(self._vocabulary))

    @property
    def control_tokens(self) -> Mapping[str, int]:
        """Text to id of the tokens that structure a conversation."""
        return self._special.control

    def encode(self, text: str, *, control: bool) -> Sequence[int]:
        """Return the token ids of `text`, without any token added at its ends.

        Raises:
            ConfigurationError: The text holds half of a surrogate pair (`unreadable-input`).
        """
        if control or not self._special.guarded:
            return self._tokenize(text, control=control)
        pieces = without_literals(text, self._special.guarded)
        return [token for piece in pieces for token in self._tokenize(piece, control=False)]

    def token_bytes(self, token: int) -> bytes:
        """Return the bytes that a token stands for; empty for a control token."""
        piece = self._pieces.get(token)
        if piece is None:
            known = 0 <= token < self.vocabulary_size and token not in self._special.ids
            piece = self._pieces[token] = self._piece(token) if known else b""
        return piece

    def _tokenize(self, text: str, *, control: bool) -> list[int]:
        encoded = _utf8(text)
        room = len(encoded) + 16
        count = -room
        while count < 0:
            room = max(room, -count)
            tokens = (ctypes.c_int32 * room)()
            count = self._api.llama_tokenize(
                self._vocabulary, encoded, len(encoded), tokens, room, False, control
            )
        return list(tokens[:count])

    def _piece(self, token: int) -> bytes:
        room = _PIECE_BYTES
        while True:
            buffer = ctypes.create_string_buffer(room)
            count = self._api.llama_token_to_piece(self._vocabulary, token, buffer, room, 0, False)
            if count >= 0:
                return buffer.raw[:count]
            room = -count

    def _text(self, token: int) -> str:
        return str(self._api.llama_vocab_get_text(self._vocabulary, token).decode("utf-8"))

    @property
    def _special(self) -> SpecialTokens:
        with self._scanning:
            return self._scanned

    @cached_property
    def _scanned(self) -> SpecialTokens:
        """Look at every token; deferred, since it takes longer than the load itself."""
        api, vocabulary, size = self._api, self._vocabulary, self.vocabulary_size
        control, user_defined = api.LLAMA_TOKEN_ATTR_CONTROL, api.LLAMA_TOKEN_ATTR_USER_DEFINED
        attributes = list(map(api.llama_vocab_get_attr, repeat(vocabulary, size), range(size)))
        unusual = control | user_defined | api.LLAMA_TOKEN_ATTR_UNKNOWN
        # The engine marks end tokens as control tokens, but for those that the file names.
        asked = {token for token in range(size) if attributes[token] & unusual}
        asked |= {api.llama_vocab_eos(vocabulary), api.llama_vocab_eot(vocabulary)} - {_NO_TOKEN}
        ends = frozenset(token for token in asked if api.llama_vocab_is_eog(vocabulary, token))
        ids = ends.union(token for token in asked if attributes[token] & control)
        guarded = (token for token in ends if attributes[token] & user_defined)
        return SpecialTokens(
            control=MappingProxyType({self._text(token): token for token in sorted(ids)}),
            ids=ids,
            ends=ends,
            guarded=tuple(sorted(self._text(token) for token in guarded)),
        )


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ConfigurationError(
            f"the text holds half of a surrogate pair at character {error.start}",
            code="unreadable-input",
            context={"position": error.start},
            hint="decode the bytes that the text came from with their own encoding",
        ) from None
