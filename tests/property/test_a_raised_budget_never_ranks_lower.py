"""A plan is ranked here from the plan alone, by rules written down once more."""

import math
from itertools import pairwise

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from lmrt.domain.config import KvType, Preference
from lmrt.domain.notices import DtypeReduced, KvTypeReduced
from lmrt.domain.plans import RuntimePlan
from tests.property.strategies import able_worlds
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


def needs(world: World) -> list[int]:
    """Return the bytes that candidates need in one way or another, where a budget matters."""
    found = {2**62}
    for kv_type in (None, KvType.Q8_0, KvType.Q4_0):
        for context in (None, 16_384, 8192, 4096):
            asked = world.asking(kv_type=kv_type, context_length=context, memory_budget=None)
            found |= {one.memory.total for one in asked.executable().values()}
    return sorted(found)


@given(able_worlds() | tight_worlds(), st.data())
def test_more_budget_gives_no_worse_plan(world: World, data: st.DataObject) -> None:
    world = evolve(
        world, probes=tuple(evolve(probe, context_rounding=256) for probe in world.probes)
    )
    sizes = st.lists(st.sampled_from(needs(world)), min_size=2, max_size=4)
    plans = [world.asking(memory_budget=size).plan() for size in sorted(data.draw(sizes))]

    for less, more in pairwise(plans):
        if less is not None:
            assert more is not None
            assert rank(more) >= rank(less)
