"""A plan is ranked here from the plan alone, by rules written down once more."""

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from lmrt.domain.config import Preference
from lmrt.domain.notices import DtypeReduced, KvTypeReduced
from lmrt.domain.plans import RuntimePlan
from tests.property.strategies import able_worlds, worlds
from tests.property.tight_worlds import tight_worlds
from tests.property.worlds import World


def rank(plan: RuntimePlan) -> tuple[float, ...]:
    """Return what the request sees of a plan, less being worse, up to rounding."""
    settings, chosen = plan.settings, plan.chosen
    dtype = settings.dtype.bits if _has(plan, DtypeReduced) and settings.dtype else math.inf
    kv_type = settings.kv_type.bits if _has(plan, KvTypeReduced) else math.inf
    quality = min(plan.artifact.quantization.bits_per_weight, 16.0)
    if settings.dtype is not None:
        quality = min(quality, settings.dtype.bits)
    merit = {
        Preference.SPEED: float(f"{chosen.speed.decode:.3g}"),
        Preference.QUALITY: float(f"{quality:.3g}"),
        Preference.MEMORY: -chosen.memory.total,
        Preference.BALANCED: 0.0,
    }
    return (dtype, settings.context_length, kv_type, merit[plan.request.prefer])


def _has(plan: RuntimePlan, kind: type) -> bool:
    return any(isinstance(notice, kind) for notice in plan.notices)


def one_rounding(world: World) -> bool:
    """Return whether all backends round contexts alike, so that they can be compared."""
    return len({probe.context_rounding for probe in world.probes}) <= 1


@given(st.one_of(worlds(), able_worlds(), tight_worlds()).filter(one_rounding), st.data())
def test_more_budget_gives_no_worse_plan(world: World, data: st.DataObject) -> None:
    everything = world.machine.memory_total + sum(
        gpu.memory_total for gpu in world.machine.accelerators
    )
    sizes = sorted(data.draw(st.integers(1, everything)) for _ in range(2))
    plans = [world.asking(memory_budget=size).plan() for size in sizes]
    plans.append(world.asking(memory_budget=None).plan())

    for less, more in itertools.pairwise(plans):
        if less is not None:
            assert more is not None
            assert rank(more) >= rank(less)
