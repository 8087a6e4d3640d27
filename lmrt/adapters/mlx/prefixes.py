"""Texts that were computed before, kept for prompts that begin alike."""

from collections.abc import Callable
from typing import Any

from attrs import define

from lmrt.adapters.mlx.lanes import Text
from lmrt.domain.batching.slots import common_prefix

_MOST = 64
"""Texts kept at most: each costs arrays of its own in every layer, however short it is."""


@define(eq=False)
class _Kept:
    text: Text
    used: int


class PrefixStore:
    """Computed texts that no live sequence owns, the least recently used first to go.

    Args:
        cells: Tokens that may be held, those of live sequences counted.
        sequences: Texts that may be held, live sequences counted, or None for no limit but cells:
            of models that keep a state of fixed size for each.
        can_cut: Whether tokens can be taken off the end of caches.
    """

    def __init__(
        self, cells: int, sequences: int | None, can_cut: Callable[[list[Any]], bool]
    ) -> None:
        self._cells = cells
        self._sequences = _MOST if sequences is None else sequences
        self._can_cut = can_cut
        self._kept: list[_Kept] = []
        self._clock = 0

    @property
    def cells(self) -> int:
        """Tokens held."""
        return sum(len(kept.text.tokens) for kept in self._kept)

    def longest(self, prompt: list[int]) -> tuple[Text | None, int]:
        """Return the text that holds most of a prompt's start, never all of it, and how much.

        The text stays where it is; only a copy of its caches may be gone on from.
        """
        best: _Kept | None = None
        most = 0
        wanted = prompt[:-1]
        for kept in self._kept:
            length = common_prefix(kept.text.tokens, wanted)
            whole = length == len(kept.text.tokens)
            if length > most and (whole or self._can_cut(kept.text.caches)):
                best, most = kept, length
        if best is None:
            return None, 0
        best.used = self._tick()
        return best.text, most

    def put(self, text: Text) -> None:
        """Keep a text; one that is the start of another adds nothing, where that can be cut."""
        for kept in self._kept:
            if self._covers(kept.text, text):
                kept.used = self._tick()
                return
        self._kept = [kept for kept in self._kept if not self._covers(text, kept.text)]
        self._kept.append(_Kept(text, self._tick()))

    def fit(self, cells: int, sequences: int) -> None:
        """Drop what so many live sequences, with so many cells in all, leave no room for."""
        while self._kept and (
            self.cells + cells > self._cells or len(self._kept) + sequences > self._sequences
        ):
            self._kept.remove(min(self._kept, key=_last_use))

    def clear(self) -> None:
        """Drop everything."""
        self._kept.clear()

    def _covers(self, longer: Text, shorter: Text) -> bool:
        length = len(shorter.tokens)
        same = length == len(longer.tokens)
        if length > len(longer.tokens) or not (same or self._can_cut(longer.caches)):
            return False
        return common_prefix(longer.tokens, shorter.tokens) == length

    def _tick(self) -> int:
        self._clock += 1
        return self._clock


def _last_use(kept: _Kept) -> int:
    return kept.used
