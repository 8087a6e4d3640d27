"""What every step of the planner looks at."""

from collections import Counter

from attrs import frozen

from lmrt.domain.machine import Machine
from lmrt.domain.models import LayerShape, ResolvedModel
from lmrt.domain.plans import PlanRequest

LayerKinds = tuple[tuple[LayerShape, int], ...]
"""The distinct shapes among a model's layers, each with how often it occurs."""


@frozen
class Query:
    """One call of the planner; `kinds` is derived from the model once, for speed."""

    request: PlanRequest
    model: ResolvedModel
    machine: Machine
    kinds: LayerKinds


def query(request: PlanRequest, model: ResolvedModel, machine: Machine) -> Query:
    """Return the query."""
    return Query(request, model, machine, tuple(Counter(model.shape.layers).items()))
