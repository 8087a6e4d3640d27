"""A tokenizer whose tokens are letters, and whose control tokens are given."""

import re
from collections.abc import Mapping, Sequence

FIRST_CONTROL_ID = 0x110000
"""Letters are their code points; control tokens follow after the last of them."""


class LetterTokenizer:
    """Implements `Tokenizer`.

    Args:
        control_tokens: Their texts; their ids count up from `FIRST_CONTROL_ID`.
        bos: Text of the control token that starts a text.
        eos: Text of the control token that ends one.
        adds_bos: Whether a text is to start with `bos`.
    """

    def __init__(
        self,
        control_tokens: Sequence[str] = (),
        *,
        bos: str | None = None,
        eos: str | None = None,
        adds_bos: bool = False,
    ) -> None:
        ids = {text: FIRST_CONTROL_ID + place for place, text in enumerate(control_tokens)}
        longest_first = sorted(ids, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")
        self._ids = ids
        self._bos = bos
        self._eos = eos
        self._adds_bos = adds_bos

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
    def control_tokens(self) -> Mapping[str, int]:
        return self._ids

    def encode(self, text: str, *, control: bool) -> Sequence[int]:
        if not control:
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
