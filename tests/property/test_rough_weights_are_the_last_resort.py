"""No rougher rounding is chosen while a finer one can run, unless speed or memory is preferred."""

from hypothesis import given
from hypothesis import strategies as st

from lmrt.domain.config import Preference
from lmrt.domain.plans import Candidate
from tests.property.short_worlds import short_worlds
from tests.property.worlds import World


def roughness(world: World, candidate: Candidate) -> int:
    """Return how many of the two limits the stored weights stay below."""
    bits = {one.id: one.quantization.bits_per_weight for one in world.model.artifacts}
    return (bits[candidate.artifact] < 4.25) + (bits[candidate.artifact] < 3.5)


@given(short_worlds(), st.sampled_from((Preference.BALANCED, Preference.QUALITY)))
def test_nothing_finer_that_can_run_was_left(world: World, prefer: Preference) -> None:
    world = world.asking(prefer=prefer)
    plan = world.plan()
    if plan is not None:
        left = [roughness(world, one) for one in world.executable().values()]
        assert min(left) == roughness(world, plan.chosen)
