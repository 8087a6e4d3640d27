"""A plan is ranked here from the plan alone, by rules written down once more."""

import math
from itertools import pairwise

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from lmrt.domain.config import KvType, Preference
from lmrt.domain.machine import DeviceKind
from lmrt.domain.notices import DtypeReduced, KvTypeReduced
from lmrt.domain.plans import OnCpu, RuntimePlan
from lmrt.domain.probes import Feature
from tests.property.strategies import able_worlds
from tests.property.tight_worlds import tight_worlds
from tests.property.worlds import World


def rank(plan: RuntimePlan, world: World) -> tuple[float, ...]:
    """Return what the request sees of a plan, less being worse, up to rounding."""
    settings, chosen = plan.settings, plan.chosen
    dtype = settings.dtype.bits if _has(plan, DtypeReduced) and settings.dtype else math.inf
    kv_type = settings.kv_type.bits if _has(plan, KvTypeReduced) else math.inf
    quantization = plan.artifact.quantization
    older = quantization.name in ("Q4_0", "Q4_1", "Q5_0", "Q5_1")
    quality = min(quantization.bits_per_weight - (0.5 if older else 0), 16.0)
    if settings.dtype is not None:
        quality = min(quality, settings.dtype.bits)
    merit = {
        Preference.SPEED: float(f"{chosen.speed.decode:.3g}"),
        Preference.QUALITY: float(f"{quality:.3g}"),
        Preference.MEMORY: -chosen.memory.total,
        Preference.BALANCED: 0.0,
    }
    placed = 1
    if isinstance(chosen.placement, OnCpu) and plan.request.prefer is not Preference.MEMORY:
        placed = 0 if _has_accelerator(plan.backend, world) else 1
    fine = 0
    if plan.request.prefer in (Preference.QUALITY, Preference.BALANCED):
        stored = quantization.bits_per_weight
        fine = 2 if stored >= 4.25 else 1 if stored >= 3.5 else 0
    return (dtype, fine, placed, settings.context_length, kv_type, merit[plan.request.prefer])


def _has_accelerator(backend: str, world: World) -> bool:
    """Return whether a backend must choose between the CPU and an accelerator for all layers."""
    here = {each.device for each in world.machine.accelerators}
    (probe,) = (probe for probe in world.probes if probe.backend == backend)
    kinds = {device.kind for device in probe.devices if device.device in here}
    if Feature.PARTIAL_OFFLOAD in probe.features:
        kinds.discard(DeviceKind.CUDA)
    return bool(kinds - {DeviceKind.CPU})


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
            assert rank(more, world) >= rank(less, world)
