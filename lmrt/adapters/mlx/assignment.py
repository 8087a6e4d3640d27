"""Which lane a sequence joins, so that padding takes no memory that was not planned for."""

from collections.abc import Sequence


def padded(cells: Sequence[int]) -> int:
    """Return the cells that sequences of these lengths take together in one lane."""
    return len(cells) * max(cells, default=0)


def lane_for(lanes: Sequence[Sequence[int]], cells: int, budget: int) -> int | None:
    """Return the place of the lane where a sequence costs the least padding, or None for a new one.

    Args:
        lanes: The cells that each lane's sequences may come to need.
        cells: What the new sequence may come to need.
        budget: Cells that all lanes together may take, padding counted.
    """
    taken = sum(map(padded, lanes))
    costs = [padded((*lane, cells)) - padded(lane) for lane in lanes]
    best = min(range(len(lanes)), key=costs.__getitem__, default=None)
    return None if best is None or taken + costs[best] > budget else best
