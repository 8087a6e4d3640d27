"""The tokenizer of a GGUF: the engine's own, over a load of the vocabulary alone."""

import ctypes
import os
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from lmrt.adapters.llama_cpp import engine, errors, logs
from lmrt.adapters.llama_cpp.literals import composed, spared, without_literals
from lmrt.adapters.llama_cpp.special_tokens import (
    SpecialTokens,
    declared_token,
    metadata,
    scan,
    token_text,
)
from lmrt.domain.models import Artifact
from lmrt.domain.prompts import PromptSection
from lmrt.domain.text import utf8
from lmrt.ports.text import Tokenizer

_PIECE_BYTES = 64
_COMPOSING = frozenset({"qwen2", "qwen35", "olmo", "command-r"})
"""Pre-tokenizers of families that compose letters and their marks first (NFC); the engine omits it.

Without it one text has other tokens than in the directory that the GGUF was made from.
"""
_ANCHORS = tuple(map(chr, range(0xE000, 0xE010)))
"""Letters of private use: no vocabulary has a token that goes on from one."""


class VocabularyFactory:
    """`TokenizerFactory` for GGUF artifacts.

    Args:
        check: Refuses a file before the engine reads it, or None.
    """

    def __init__(self, check: Callable[[Path], None] | None = None) -> None:
        self._check = check

    def open(self, artifact: Artifact, root: Path) -> Tokenizer:
        """Return the tokenizer of the artifact whose files lie under `root`.

        Raises:
            LoadFailed: Its files are malformed (`malformed-file`).
        """
        path = root / artifact.files[0].path
        if self._check is not None:
            self._check(path)
        return open_vocabulary(path)


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
    """`Tokenizer` over the engine's vocabulary; the engine only reads it, from any thread.

    A SentencePiece vocabulary puts its space before every piece of text between control tokens:
    a GGUF does not tell whether its family does so before the first piece only.
    """

    def __init__(self, api: Any, model: int) -> None:
        self._api = api
        self._model = model
        self._vocabulary = api.llama_model_get_vocab(model)
        self._composing = metadata(api, model, "tokenizer.ggml.pre") in _COMPOSING
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
        token = declared_token(self._api, self._model, "bos")
        return None if token is None else (token, self._text(token))

    @cached_property
    def eos_text(self) -> str:
        """The text of the end-of-sequence token, empty where there is none."""
        token = declared_token(self._api, self._model, "eos")
        return "" if token is None else self._text(token)

    @cached_property
    def adds_bos(self) -> bool:
        """Whether the model wants its text to start with `bos_token`."""
        wanted = self._api.llama_vocab_get_add_bos(self._vocabulary)
        return bool(wanted) and self.bos_token is not None

    @cached_property
    def puts_space_first(self) -> bool:
        """Whether the first word of a text is spelled with a space that is not the text's own."""
        tokens = self._tokenize("a", control=False)
        return b"".join(map(self._piece, tokens)) == b" a"

    @property
    def control_tokens(self) -> Mapping[str, int]:
        """Text to id of the tokens that structure a conversation."""
        return self._special.control

    def encode(self, sections: Sequence[PromptSection]) -> Sequence[int]:
        """Return the token ids of a text, without any token added at its ends.

        Raises:
            ConfigurationError: The text holds half of a surrogate pair (`unreadable-input`).
        """
        special = self._special
        if not all(section.control for section in sections):
            sections = spared(sections, special.take_before, special.take_after)
        return [token for section in sections for token in self._encode(section)]

    def token_bytes(self, token: int) -> bytes:
        """Return the bytes that a token stands for; empty for a control token."""
        piece = self._pieces.get(token)
        if piece is None:
            known = 0 <= token < self.vocabulary_size and token not in self._special.ids
            piece = self._pieces[token] = self._piece(token) if known else b""
        return piece

    def _encode(self, section: PromptSection) -> list[int]:
        text, control = section.text, section.control
        if self._composing:
            marks = self._special.marks
            text = composed(text, (*marks, *self._special.control) if control else marks)
        return self._tokenize(text, control=True) if control else self._ordinary(text)

    def _ordinary(self, text: str) -> list[int]:
        """Return the ids of a text in which no control token is meant.

        The engine finds user-defined tokens there, and the merges of some vocabularies spell
        control tokens: text is cut where it does.
        """
        tokens = self._tokenize(text, control=False)
        if self._special.ids.isdisjoint(tokens):
            return tokens
        first, *others = without_literals(text, self._special.control)
        tokens = self._tokenize(first, control=False)
        return tokens + [token for piece in others for token in self._continuation(piece)]

    def _continuation(self, text: str) -> list[int]:
        """Return the ids of a text that goes on within a word: no space is put before it."""
        if not self.puts_space_first:
            return self._tokenize(text, control=False)
        for anchor in _ANCHORS:
            head = self._tokenize(anchor, control=False)
            tokens = self._tokenize(anchor + text, control=False)
            if tokens[: len(head)] == head:
                return tokens[len(head) :]
        return self._tokenize(text, control=False)

    def _tokenize(self, text: str, *, control: bool) -> list[int]:
        encoded = utf8(text)
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
        return token_text(self._api, self._vocabulary, token)

    @property
    def _special(self) -> SpecialTokens:
        with self._scanning:
            return self._scanned

    @cached_property
    def _scanned(self) -> SpecialTokens:
        return scan(self._api, self._model)
