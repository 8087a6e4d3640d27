"""What one forward pass computes: its tokens, and which cells each of them may look at."""

import torch
from attrs import frozen


@frozen
class Part:
    """Rows of a step that look at one range of cells.

    Attributes:
        start: Their first row.
        end: One more than their last row.
        low: The first cell.
        high: One more than the last cell.
        slot: The sequence that all of them belong to, or None for rows of several.
        first: The position of the first row, where the cells from `low` to `high` are those of the
            positions 0, 1, 2 … of that one sequence, up to the last row; else None.
    """

    start: int
    end: int
    low: int
    high: int
    slot: int | None = None
    first: int | None = None


@frozen(eq=False)
class Step:
    """One forward pass over rows, one row a token.

    Attributes:
        inputs: Of each row the token id, its position in its sequence, the sequence's id and the
            cell that it gets, (4, rows).
        parts: The rows, in order, without gaps.
        wanted: Rows whose logits are wanted, (any number).
    """

    inputs: torch.Tensor
    parts: tuple[Part, ...]
    wanted: torch.Tensor

    @property
    def rows(self) -> int:
        """How many tokens are computed."""
        return self.inputs.shape[1]

    @property
    def tokens(self) -> torch.Tensor:
        """Token ids, (rows)."""
        return self.inputs[0]

    @property
    def positions(self) -> torch.Tensor:
        """Positions, (rows)."""
        return self.inputs[1]

    @property
    def slots(self) -> torch.Tensor:
        """Sequence ids, (rows)."""
        return self.inputs[2]

    @property
    def cells(self) -> torch.Tensor:
        """Cells, (rows)."""
        return self.inputs[3]

    @property
    def top(self) -> int:
        """One more than the highest cell that a row looks at."""
        return max(part.high for part in self.parts)
