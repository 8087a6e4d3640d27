"""Engines that do not keep a model's sliding windows."""

from lmrt.domain.models import SlidingAttention
from lmrt.domain.planning.combinations import Combination
from lmrt.domain.planning.query import Query


def longest_window(query: Query, combination: Combination) -> int | None:
    """Return the most tokens of context for which windows make no difference, or None for any."""
    if combination.artifact.architecture not in combination.offer.probe.windowless:
        return None
    sizes = [shape.window for shape, _ in query.kinds if isinstance(shape, SlidingAttention)]
    mixed = len(sizes) < len(query.kinds)
    return min(sizes) if sizes and mixed else None


def within_window(
    ladder: tuple[int, ...], query: Query, combination: Combination
) -> tuple[int, ...]:
    """Return the context lengths to try, none beyond the window; one that is asked for stays."""
    window = longest_window(query, combination)
    if window is None or query.request.context_length is not None:
        return ladder
    return tuple(dict.fromkeys(min(rung, window) for rung in ladder))
