"""From what the sequences have in a step to the tensors of a forward pass."""

from collections.abc import Iterable, Sequence

import torch
from attrs import frozen

from lmrt.adapters.torch.cells import Held
from lmrt.adapters.torch.step import Part, Step

_ALIGNED = 64
"""Cells of a part are a multiple of it where rows of several sequences share a mask."""


@frozen(eq=False)
class Rows:
    """Tokens of one sequence in a step, that follow each other.

    Attributes:
        tokens: Their ids.
        start: The position of the first.
        slot: The sequence's id.
        held: The sequence's cells, those of these tokens last.
        wanted: Whether the logits of the last token are wanted.
    """

    tokens: Sequence[int]
    start: int
    slot: int
    held: Held
    wanted: bool


@frozen
class Layout:
    """How the rows of several sequences go through attention.

    Attributes:
        cells: Cells of the cache.
        apart: Whether each sequence looks at its own range of cells, one after the other; else all
            look at all cells in use at once, and the mask says which are whose.
        device: Where the tensors go.
    """

    cells: int
    apart: bool
    device: torch.device

    def step(self, batch: Sequence[Rows]) -> Step:
        """Return the step that computes these rows."""
        tokens: list[int] = []
        positions: list[int] = []
        slots: list[int] = []
        cells: list[int] = []
        wanted: list[int] = []
        for rows in batch:
            count = len(rows.tokens)
            tokens += rows.tokens
            positions += range(rows.start, rows.start + count)
            slots += [rows.slot] * count
            cells += rows.held.cells[-count:]
            if rows.wanted:
                wanted.append(len(tokens) - 1)
        inputs = torch.tensor((tokens, positions, slots, cells))
        return Step(
            inputs=inputs.to(self.device, non_blocking=True),
            parts=self._parts(batch, len(tokens)),
            wanted=torch.tensor(wanted, dtype=torch.int64).to(self.device, non_blocking=True),
        )

    def _parts(self, batch: Sequence[Rows], total: int) -> tuple[Part, ...]:
        if self.apart or len(batch) == 1:
            return tuple(_own_parts(batch))
        return (Part(0, total, 0, self.rounded(max(rows.held.high for rows in batch))),)

    def rounded(self, cells: int) -> int:
        """Return a number of cells, rounded up to what kernels read well."""
        return min(self.cells, -(-cells // _ALIGNED) * _ALIGNED)


def _own_parts(batch: Iterable[Rows]) -> Iterable[Part]:
    row = 0
    for rows in batch:
        held, end = rows.held, row + len(rows.tokens)
        first = rows.start if held.straight else None
        yield Part(row, end, held.low, held.high, rows.slot, first)
        row = end
