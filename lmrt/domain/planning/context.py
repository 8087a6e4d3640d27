"""Which context lengths are tried."""

from lmrt.domain.models import ResolvedModel
from lmrt.domain.plans import PlanRequest

DEFAULT_CONTEXT = 16_384
"""Tokens of context where the user names none and the model was trained on as many."""

SMALLEST_CONTEXT = 4_096
"""The default is not halved below this, nor above what the model was trained on."""


def context_ladder(request: PlanRequest, model: ResolvedModel) -> tuple[int, ...]:
    """Return the context lengths to try, the preferred one first.

    What the user asks for is the only one: it is refused rather than cut.
    """
    if request.context_length is not None:
        return (request.context_length,)
    rungs = [min(model.trained_context or DEFAULT_CONTEXT, DEFAULT_CONTEXT)]
    while rungs[-1] > SMALLEST_CONTEXT:
        rungs.append(max(rungs[-1] // 2, SMALLEST_CONTEXT))
    return tuple(rungs)


def rounded_up(count: int, multiple: int) -> int:
    """Return the smallest multiple that is at least `count`."""
    return -(-count // multiple) * multiple
