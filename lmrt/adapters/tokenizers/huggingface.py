"""The tokenizer of a Hugging Face directory."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from tokenizers import Tokenizer as Engine

from lmrt.adapters.tokenizers.blinding import blind_copy
from lmrt.adapters.tokenizers.errors import malformed
from lmrt.adapters.tokenizers.settings import EndSettings, read_end_settings
from lmrt.adapters.tokenizers.spelling import Spelling, UnknownDecoderError, spelling

_STRUCTURAL = re.compile(r"<\|.*\|>|<｜.*｜>|</?s>|<(?:start|end)_of_turn>|\[/?INST\]")  # noqa: RUF001
"""Added tokens that shape a conversation although some vocabularies do not declare them special."""


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
    settings = read_end_settings(root)
    try:
        engine = Engine.from_file(str(path))
    except Exception as error:  # the library raises nothing more special
        raise malformed(path, str(error)) from error
    try:
        decoder = json.loads(engine.decoder.__getstate__()) if engine.decoder else None
        return HfTokenizer(engine, settings, spelling(decoder))
    except UnknownDecoderError as error:
        raise malformed(path, f"its decoder `{error}` is not one of a language model") from error


class HfTokenizer:
    """Implements `Tokenizer` over the `tokenizers` library.

    Ordinary text (`control=False`) is taken to stand within a prompt, after a control token.

    Args:
        engine: The library's tokenizer; it is this object's from now on.
        settings: What is declared beside it.
        spell: How its vocabulary spells bytes.
    """

    def __init__(self, engine: Engine, settings: EndSettings, spell: Spelling) -> None:
        # tokenizer.json may carry the cuts and the padding of its model's training
        engine.no_truncation()
        engine.no_padding()
        self._engine = engine
        self._settings = settings
        self._spell = spell
        self._added = {
            token: added.content for token, added in engine.get_added_tokens_decoder().items()
        }
        self._control_tokens = {
            added.content: token
            for token, added in engine.get_added_tokens_decoder().items()
            if added.special or _STRUCTURAL.fullmatch(added.content)
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
    def control_tokens(self) -> Mapping[str, int]:
        """Special added tokens, and those that look like a conversation's structure."""
        return self._control_tokens

    def encode(self, text: str, *, control: bool) -> Sequence[int]:
        """Return the token ids of `text`, without any token added at its ends."""
        engine = self._engine if control else self._ordinary
        return list(engine.encode(text, add_special_tokens=False).ids)

    def token_bytes(self, token: int) -> bytes:
        """Return the bytes that a token stands for; empty for a control token."""
        added = self._added.get(token)
        if added is not None:
            return b"" if added in self._control_tokens else added.encode("utf-8")
        entry = self._engine.id_to_token(token)
        return b"" if entry is None else self._spell(entry)

    @cached_property
    def _ordinary(self) -> Engine:
        """The tokenizer of ordinary text; made when content first holds a control token's text."""
        return blind_copy(self._engine, self._control_tokens)
