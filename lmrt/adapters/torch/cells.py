"""Which cells of the KV cache belong to which sequence: the bookkeeping, without the tensors.

A cell holds the keys and values of one token. Sequences that start alike share the cells of their
common start; a cell is free again when the last of them lets go of it.
"""

import numpy as np
from attrs import define, field
from numpy.typing import NDArray


@define(eq=False)
class Held:
    """The cells of one sequence.

    Attributes:
        cells: In the order of its tokens.
        low: The lowest of them; 0 where there are none.
        high: One more than the highest of them.
        straight: Whether each follows the one before, so that they are all from `low` to `high`.
    """

    cells: list[int] = field(factory=list)
    low: int = 0
    high: int = 0
    straight: bool = True

    def replace(self, cells: list[int]) -> None:
        """Hold these cells in place of what is held."""
        self.cells = []
        self.low = self.high = 0
        self.straight = True
        self.extend(cells)

    def extend(self, cells: list[int]) -> None:
        """Hold these cells too, after the others."""
        if not cells:
            return
        start = self.cells[-1] + 1 if self.cells else cells[0]
        self.straight = self.straight and cells == list(range(start, start + len(cells)))
        self.low = min(self.low, *cells) if self.cells else min(cells)
        self.high = max(self.high, max(cells) + 1)
        self.cells += cells


class CellTable:
    """All cells of one cache.

    Args:
        cells: How many there are.
        sequences: Sequence ids, from 0.
        apart: Whether each sequence gets a run of cells of its own, as far as there is one, so
            that its attention reads no others; else the lowest free cells, so that few are in use.
    """

    def __init__(self, cells: int, sequences: int, *, apart: bool) -> None:
        self._users = np.zeros(cells, np.uint16)
        self._held = tuple(Held() for _ in range(sequences))
        self._reserved = [0] * sequences
        self._free = cells
        self._apart = apart

    def __getitem__(self, sequence: int) -> Held:
        """Return the cells of a sequence; to be looked at only."""
        return self._held[sequence]

    @property
    def top(self) -> int:
        """One more than the highest cell in use."""
        return max(held.high for held in self._held)

    def reserve(self, sequence: int, cells: int) -> None:
        """Take note of how many cells a live sequence may come to hold; 0 when it has ended."""
        self._reserved[sequence] = cells

    def take(self, sequence: int, count: int) -> list[int] | None:
        """Give a sequence cells for its next tokens; None where too few are free."""
        if count > self._free:
            return None
        held = self._held[sequence]
        cells = self._next_to(held, sequence, count) if self._apart else self._lowest(count)
        self._users[cells] = 1
        self._free -= count
        held.extend(cells)
        return cells

    def cut(self, sequence: int, length: int) -> list[int]:
        """Let go of all but the first `length` cells of a sequence; return the others."""
        held = self._held[sequence]
        gone = held.cells[length:]
        if gone:
            self._users[gone] -= 1
            self._free += int(np.count_nonzero(self._users[gone] == 0))
            held.replace(held.cells[:length])
        return gone

    def share(self, source: int, target: int, length: int) -> list[int]:
        """Let the empty `target` hold the first `length` cells of `source`; return them."""
        cells = self._held[source].cells[:length]
        self._users[cells] += 1
        self._held[target].replace(cells)
        return cells

    def _lowest(self, count: int) -> list[int]:
        if count == 1:
            return [int(np.argmin(self._users))]
        found: list[int] = np.flatnonzero(self._users == 0)[:count].tolist()
        return found

    def _next_to(self, held: Held, sequence: int, count: int) -> list[int]:
        cells: list[int] = []
        place = held.cells[-1] + 1 if held.cells else self._start(sequence)
        while True:
            ahead = self._users[place : place + count - len(cells)]
            run = int(np.argmax(ahead > 0)) if ahead.any() else ahead.size
            cells += range(place, place + run)
            if len(cells) == count:
                return cells
            self._users[cells] = 1  # no place to look at again
            place = self._start(sequence)

    def _start(self, sequence: int) -> int:
        """Return where a sequence's next run of free cells starts.

        It is the first that is long enough for all that the sequence may come to hold, else the
        longest; what lies ahead of other live sequences is theirs as long as there is anything
        else.
        """
        used = self._users > 0
        promised = used.copy()
        for other, held in enumerate(self._held):
            if other != sequence and held.cells:
                ahead = held.cells[-1] + 1
                promised[ahead : ahead + self._reserved[other] - len(held.cells)] = True
        wanted = self._reserved[sequence] - len(self._held[sequence].cells)
        return _first_run(used if promised.all() else promised, wanted)


def _first_run(taken: NDArray[np.bool_], wanted: int) -> int:
    """Return the first place with so many free cells in a row, else that of the longest run."""
    edges = np.flatnonzero(np.diff(np.concatenate(([True], taken, [True]))))
    starts, lengths = edges[::2], edges[1::2] - edges[::2]
    enough = lengths >= wanted
    return int(starts[np.argmax(enough) if enough.any() else np.argmax(lengths)])
