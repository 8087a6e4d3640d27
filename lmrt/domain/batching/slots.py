"""Sequence slots: which are live, what the idle ones still remember, and who has to go.

A slot is one of the engine's sequence ids. When its sequence ends, the slot stays filled: a later
prompt that starts alike begins there. The cells of the KV cache are one pool. Live sequences
reserve what they may come to need; idle slots use what is left and are emptied, the least recently
used first, only when the engine finds no cells for a step.
"""

from collections.abc import Sequence
from itertools import takewhile
from typing import Protocol

from attrs import define, field

_CHUNK = 256


class Memory(Protocol):
    """The engine's side of the slots."""

    def can_resume(self, sequence: int, length: int, filled: int) -> bool:
        """Return whether the state after `length` of the `filled` tokens is still there."""
        ...

    def can_share(self) -> bool:
        """Return whether two sequences can have their first tokens in common."""
        ...

    def cut(self, sequence: int, length: int) -> bool:
        """Forget everything but the first `length` tokens; False where that cannot be done."""
        ...

    def share(self, source: int, target: int, length: int) -> None:
        """Give the empty `target` the first `length` tokens of `source`."""
        ...


@define(eq=False)
class Slot:
    """One sequence id.

    Attributes:
        id: The id.
        tokens: The tokens that the KV cache holds for it.
        reserved: Cells that its live sequence may come to need, or None while it is idle.
        used: When it was last used, on the table's own clock.
    """

    id: int
    tokens: list[int] = field(factory=list)
    reserved: int | None = None
    used: int = 0


class SlotTable:
    """All slots of one context."""

    def __init__(self, count: int, cells: int, memory: Memory) -> None:
        self._cells = cells
        self._slots = tuple(Slot(number) for number in range(count))
        self._memory = memory
        self._clock = 0

    def admit(self, prompt: Sequence[int], cells: int) -> Slot | None:
        """Return a slot that holds as much of the prompt as possible, but never all of it.

        Args:
            prompt: The prompt's tokens, at least one; the last is always left to compute.
            cells: Cells to reserve.

        Returns:
            The slot, now live, or None while live sequences leave no slot or too few cells.
        """
        promised = sum(slot.reserved or 0 for slot in self._slots)
        idle = [slot for slot in self._slots if slot.reserved is None]
        if not idle or promised + cells > self._cells:
            return None
        source, length = self._best(prompt)
        slot = self._target(source, length, idle)
        if slot is source:
            self._cut(slot, length)
        else:
            self._cut(slot, 0)
            if source is not None:
                self._memory.share(source.id, slot.id, length)
                slot.tokens = source.tokens[:length]
        slot.reserved = cells
        return slot

    def retire(self, slot: Slot) -> None:
        """Make the slot idle; it keeps its tokens for a later prompt."""
        slot.reserved = None
        self._clock += 1
        slot.used = self._clock

    def restore(self, slot: Slot) -> None:
        """Bring the engine back to the slot's tokens after a step that was stopped half-way."""
        self._cut(slot, len(slot.tokens))

    def evict(self) -> bool:
        """Empty the idle slot that was not used for longest; False where none is filled."""
        filled = [slot for slot in self._slots if slot.reserved is None and slot.tokens]
        if not filled:
            return False
        self._cut(min(filled, key=_last_use), 0)
        return True

    def _best(self, prompt: Sequence[int]) -> tuple[Slot | None, int]:
        """Return the slot that holds most of the prompt's start, and how much of it."""
        wanted = list(prompt[:-1])
        best: tuple[Slot | None, int] = (None, 0)
        for slot in self._slots:
            length = common_prefix(slot.tokens, wanted)
            if length <= best[1] or not self._memory.can_resume(slot.id, length, len(slot.tokens)):
                continue
            if slot.reserved is None or self._memory.can_share():
                best = (slot, length)
        return best

    def _target(self, source: Slot | None, length: int, idle: list[Slot]) -> Slot:
        """Return the idle slot to use: the source itself, unless much else would be lost."""
        if source is None or source.reserved is not None:
            return min(idle, key=_emptiest)
        if 2 * length >= len(source.tokens) or not self._memory.can_share():
            return source
        others = [slot for slot in idle if slot is not source]
        return min(others, key=_emptiest) if others else source

    def _cut(self, slot: Slot, length: int) -> None:
        """Keep the first `length` tokens, or none where the engine cannot go back to them."""
        if not self._memory.cut(slot.id, length):
            length = 0
            self._memory.cut(slot.id, 0)
        del slot.tokens[length:]


def _last_use(slot: Slot) -> int:
    return slot.used


def _emptiest(slot: Slot) -> tuple[bool, int]:
    return bool(slot.tokens), slot.used


def common_prefix(one: list[int], other: list[int]) -> int:
    """Return how many tokens the two have in common at their start."""
    limit = min(len(one), len(other))
    for start in range(0, limit, _CHUNK):
        if one[start : start + _CHUNK] != other[start : start + _CHUNK]:
            pairs = zip(one[start:limit], other[start:limit], strict=True)
            return start + sum(1 for _ in takewhile(_alike, pairs))
    return limit


def _alike(pair: tuple[int, int]) -> bool:
    return pair[0] == pair[1]
