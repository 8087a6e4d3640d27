"""What every step of the planner looks at."""

from collections import Counter
from collections.abc import Mapping, Sequence

from attrs import field, frozen

from lmrt.domain.failures import FailedLoad
from lmrt.domain.machine import Machine
from lmrt.domain.models import LayerShape, ResolvedModel
from lmrt.domain.planning.failed import about, as_found
from lmrt.domain.plans import PlanRequest
from lmrt.domain.speeds import Corrected, RunKey

LayerKinds = tuple[tuple[LayerShape, int], ...]
"""The distinct shapes among a model's layers, each with how often it occurs."""


@frozen
class Query:
    """One call of the planner; `kinds` is derived from the model once, for speed.

    Attributes:
        failed: Loads that failed and count for this model; `machine` is as they found it.
        corrections: What past runs here said about estimates, by what they have in common.
    """

    request: PlanRequest
    model: ResolvedModel
    machine: Machine
    kinds: LayerKinds
    failed: tuple[FailedLoad, ...] = ()
    corrections: Mapping[RunKey, Corrected] = field(factory=dict)


def query(
    request: PlanRequest,
    model: ResolvedModel,
    machine: Machine,
    failed: Sequence[FailedLoad] = (),
    corrections: Sequence[Corrected] = (),
) -> Query:
    """Return the query; `failed` are loads of any model that failed in this process."""
    kinds = tuple(Counter(model.shape.layers).items())
    counting = about(model, failed) if failed else ()
    table = {each.key: each for each in corrections}
    return Query(request, model, as_found(machine, counting), kinds, counting, table)
