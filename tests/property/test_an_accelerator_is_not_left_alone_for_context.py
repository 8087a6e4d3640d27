"""Where all layers have to be in one place, the CPU is not chosen while the accelerator can run it.

Not where memory is preferred, which the CPU needs less of.
"""

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from lmrt.domain.config import Preference
from lmrt.domain.plans import OnCpu, OnDevice
from lmrt.domain.probes import Feature
from tests.property.short_worlds import short_worlds
from tests.property.worlds import World

PREFERENCES = tuple(one for one in Preference if one is not Preference.MEMORY)


@given(short_worlds(), st.sampled_from(PREFERENCES))
def test_the_same_artifact_runs_on_the_accelerator(world: World, prefer: Preference) -> None:
    whole = {Feature.PARTIAL_OFFLOAD}
    probes = tuple(evolve(probe, features=probe.features - whole) for probe in world.probes)
    world = evolve(world, probes=probes).asking(prefer=prefer)
    plan = world.plan()

    if plan is not None and isinstance(plan.chosen.placement, OnCpu):
        for candidate in world.executable().values():
            same = (candidate.artifact, candidate.backend) == (plan.artifact.id, plan.backend)
            assert not (same and isinstance(candidate.placement, OnDevice))
