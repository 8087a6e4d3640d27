"""A tokenizer whose tokens are letters, and whose control tokens are given."""

import re
from collections.abc import Mapping, Sequence

from lmrt.domain.prompts import PromptSection
from lmrt.domain.text import utf8

FIRST_CONTROL_ID = 0x110000
"""Letters are their code points; control tokens follow after the last of them."""


class LetterTokenizer:
    """Implements `Tokenizer`.

    Args:
        control_tokens: Their texts; their ids count up from `FIRST_CONTROL_ID`.
        bos: Text of the control token that starts a text.
        eos: Text of the control token that ends one.
        adds_bos: Whether a text is to start with `bos`.
        puts_space_first: What it says of itself; its letters stay as they are.
    """

    def __init__(
        self,
        control_tokens: Sequence[str] = (),
        *,
        bos: str | None = None,
        eos: str | None = None,
        adds_bos: bool = False,
        puts_space_first: bool = False,
    ) -> None:
        ids = {text: FIRST_CONTROL_ID + place for place, text in enumerate(control_tokens)}
        longest_first = sorted(ids, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")
        self._ids = ids
        self._bos = bos
        self._eos = eos
        self._adds_bos = adds_bos
        self._puts_space_first = puts_space_first

    @property
    def vocabulary_size(self) -> int:
        return FIRST_CONTROL_ID + len(self._ids)

    @property
    def end_tokens(self) -> frozenset[int]:
        return frozenset() if self._eos is None else frozenset({self._ids[self._eos]})

    @property
    def bos_token(self) -> tuple[int, str] | None:
        return None if self._bos is None else (self._ids[self._bos], self._bos)

    @property
    def eos_text(self) -> str:
        return self._eos or ""

    @property
    def adds_bos(self) -> bool:
        return self._adds_bos

    @property
    def puts_space_first(self) -> bool:
        return self._puts_space_first

    @property
    def control_tokens(self) -> Mapping[str, int]:
        return self._ids

    def encode(self, sections: Sequence[PromptSection]) -> Sequence[int]:
        return [token for section in sections for token in self._encoded(section)]

    def _encoded(self, section: PromptSection) -> list[int]:
        text = section.text
        utf8(text)
        if not section.control:
            return [ord(letter) for letter in text]
        tokens: list[int] = []
        end = 0
        for match in self._pattern.finditer(text):
            tokens += map(ord, text[end : match.start()])
            tokens.append(self._ids[match.group()])
            end = match.end()
        return tokens + [ord(letter) for letter in text[end:]]

    def token_bytes(self, token: int) -> bytes:
        return chr(token).encode("utf-8", "surrogatepass") if token < FIRST_CONTROL_ID else b""
