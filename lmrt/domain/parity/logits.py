"""The comparison of two rows of logits."""

import heapq
import math
from collections.abc import Sequence

from attrs import frozen

from lmrt.domain.parity.places import Place
from lmrt.domain.parity.precision import Rounding

TOP = 10
"""Tokens that are compared as the likeliest ones."""

Row = Sequence[float]
"""The logits of every token of the vocabulary."""


@frozen
class LogitComparison:
    """Two backends' logits at one place.

    Attributes:
        position: Tokens of the answers before it.
        largest_difference: Between the two logits of any token, or None where they do not compare:
            not all are numbers, or one backend does not know the token that the other drew.
        spread: The largest logit less the smallest, of the backend where that is less.
        tolerance: What the data types explain of a difference.
        margin: How far each backend puts its own token above the other's, the larger of the two;
            None where both drew the same token.
        shared_top: How many of the likeliest tokens are the same.
        top: How many were compared.
    """

    position: int
    largest_difference: float | None
    spread: float
    tolerance: float
    margin: float | None
    shared_top: int
    top: int


def compare_logits(place: Place, one: Row, other: Row, rounding: Rounding) -> LogitComparison:
    """Compare two backends' logits; tokens that only one of them knows are left aside.

    Args:
        place: Where they were computed.
        one: The first backend's.
        other: The second's.
        rounding: What may put them apart.
    """
    size = min(len(one), len(other))
    first, second = list(one[:size]), list(other[:size])
    top = min(TOP, size)
    unknown = place.diverged is not None and max(place.diverged) >= size
    if unknown or not all(map(math.isfinite, (*first, *second))):
        return LogitComparison(place.position, None, 0.0, 0.0, None, 0, top)
    spread = min(max(row) - min(row) for row in (first, second))
    return LogitComparison(
        position=place.position,
        largest_difference=max(abs(a - b) for a, b in zip(first, second, strict=True)),
        spread=spread,
        tolerance=rounding.tolerance(spread),
        margin=_margin(place, first, second),
        shared_top=len(_likeliest(first, top) & _likeliest(second, top)),
        top=top,
    )


def _margin(place: Place, one: Row, other: Row) -> float | None:
    if place.diverged is None:
        return None
    mine, theirs = place.diverged
    return max(one[mine] - one[theirs], other[theirs] - other[mine])


def _likeliest(row: Row, count: int) -> frozenset[int]:
    return frozenset(heapq.nlargest(count, range(len(row)), key=row.__getitem__))
