"""The tokenizer of a Hugging Face directory."""

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from tokenizers import Tokenizer as Engine

from lmrt.adapters.tokenizers.added import add_declared
from lmrt.adapters.tokenizers.blinding import BlindTokenizer
from lmrt.adapters.tokenizers.errors import malformed
from lmrt.adapters.tokenizers.safe import check_safe
from lmrt.adapters.tokenizers.settings import TokenSettings, read_settings
from lmrt.adapters.tokenizers.spelling import (
    Spelling,
    UnknownDecoderError,
    spelling,
    spells_bytes,
    strips_first_space,
)
from lmrt.domain.prompts import PromptSection, looks_structural
from lmrt.domain.text import utf8

MAX_TOKENIZER = 2**27
"""Bytes of the largest `tokenizer.json` that is read; the largest vocabularies take 40 million."""

MAX_TOKENS = 2**22
"""Ids that a vocabulary may reach; the library lists all of them up to the highest."""


def open_tokenizer(root: Path) -> "HfTokenizer":
    """Return the tokenizer of the directory `root`.

    Raises:
        LoadFailed: A file is missing or malformed (`malformed-file`).
    """
    path = root / "tokenizer.json"
    if not path.is_file():
        raise malformed(
            path,
            "there is no such file",
            hint="the directory needs the model's `tokenizer.json` beside its weights",
        )
    if path.stat().st_size > MAX_TOKENIZER:
        raise malformed(path, f"it has more than {MAX_TOKENIZER:,} bytes")
    settings = read_settings(root)
    data = path.read_bytes()
    check_safe(data, path)
    try:
        engine = Engine.from_buffer(data)
    except Exception as error:  # the library raises nothing more special
        raise malformed(path, str(error)) from error
    highest = max(engine.get_vocab(with_added_tokens=True).values(), default=0)
    if highest >= MAX_TOKENS:
        raise malformed(path, f"it gives a token the id {highest:,}")
    ids = engine.get_vocab(with_added_tokens=False).values()
    if len(set(ids)) < len(ids):
        # Nobody could tell which of them an id means, and the library does not write such a file
        raise malformed(path, "two entries of its vocabulary have the same id")
    decoder = json.loads(engine.decoder.__getstate__()) if engine.decoder else None
    try:
        spell = spelling(decoder)
    except UnknownDecoderError as error:
        raise malformed(path, f"its decoder `{error}` is not one of a language model") from error
    add_declared(engine, settings)
    return HfTokenizer(
        engine,
        settings,
        spell,
        # Letters that stand for bytes do so in the vocabulary's own entries only
        utf8 if spells_bytes(decoder) else spell,
        puts_space_first=strips_first_space(decoder),
    )


class HfTokenizer:
    """Implements `Tokenizer` over the `tokenizers` library.

    Args:
        engine: The library's tokenizer; it is this object's from now on.
        settings: What is declared beside it.
        spell: How its vocabulary spells bytes.
        spell_added: How its added tokens do.
        puts_space_first: Whether decoding drops a space at a text's start.
    """

    def __init__(
        self,
        engine: Engine,
        settings: TokenSettings,
        spell: Spelling,
        spell_added: Spelling,
        *,
        puts_space_first: bool,
    ) -> None:
        # tokenizer.json may carry the cuts and the padding of its model's training
        engine.no_truncation()
        engine.no_padding()
        self._engine = engine
        self._settings = settings
        self._spell = spell
        self._spell_added = spell_added
        self._puts_space_first = puts_space_first
        added = engine.get_added_tokens_decoder()
        self._added = {token: entry.content for token, entry in added.items()}
        self._control_tokens = {
            entry.content: token
            for token, entry in added.items()
            if entry.special or entry.content in settings.special or looks_structural(entry.content)
        }

    @cached_property
    def vocabulary_size(self) -> int:
        """Number of token ids, gaps below the highest one counted."""
        highest_added = max(self._added, default=-1)
        return max(self._engine.get_vocab_size(with_added_tokens=True), highest_added + 1)

    @cached_property
    def end_tokens(self) -> frozenset[int]:
        """Ids that end a turn or the text, of all files that declare some."""
        eos = self._engine.token_to_id(self._settings.eos or "")
        return self._settings.end_ids | (frozenset() if eos is None else {eos})

    @cached_property
    def bos_token(self) -> tuple[int, str] | None:
        """Id and text of the token that starts a text, or None where there is none."""
        if self._settings.bos:
            declared = self._engine.token_to_id(self._settings.bos)
            return None if declared is None else (declared, self._settings.bos)
        if self._settings.bos_id is None:
            return None
        text = self._engine.id_to_token(self._settings.bos_id)
        return None if text is None else (self._settings.bos_id, text)

    @cached_property
    def eos_text(self) -> str:
        """The text of the end-of-sequence token, empty where there is none."""
        if self._settings.eos is not None:
            return self._settings.eos
        declared = min(self._settings.end_ids, default=None)
        return "" if declared is None else self._engine.id_to_token(declared) or ""

    @cached_property
    def adds_bos(self) -> bool:
        """Whether the model wants its text to start with `bos_token`."""
        if self.bos_token is None:
            return False
        if self._settings.adds_bos is not None:
            return self._settings.adds_bos
        return self._engine.encode("", add_special_tokens=True).ids[:1] == [self.bos_token[0]]

    @property
    def puts_space_first(self) -> bool:
        """Whether the first word of a text is spelled with a space that is not the text's own."""
        return self._puts_space_first

    @property
    def control_tokens(self) -> Mapping[str, int]:
        """Special added tokens, and those that look like a conversation's structure."""
        return self._control_tokens

    def encode(self, sections: Sequence[PromptSection]) -> Sequence[int]:
        """Return the token ids of a text, without any token added at its ends.

        Raises:
            ConfigurationError: The text holds half of a surrogate pair (`unreadable-input`).
        """
        text = "".join(section.text for section in sections)
        utf8(text)
        if all(section.control for section in sections):
            return list(self._engine.encode(text, add_special_tokens=False).ids)
        return self._blind.encode(sections)

    def token_bytes(self, token: int) -> bytes:
        """Return the bytes that a token stands for; empty for a control token."""
        added = self._added.get(token)
        if added is not None:
            return b"" if added in self._control_tokens else self._spell_added(added)
        entry = self._engine.id_to_token(token)
        return b"" if entry is None else self._spell(entry)

    @cached_property
    def _blind(self) -> BlindTokenizer:
        """Made when content first holds a control token's text."""
        return BlindTokenizer(self._engine, self._control_tokens)
