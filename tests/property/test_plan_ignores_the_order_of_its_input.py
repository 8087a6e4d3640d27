from random import Random

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from tests.property.strategies import worlds
from tests.property.worlds import World


@given(worlds(), st.randoms(use_true_random=False))
def test_shuffled_probes_and_artifacts_change_nothing(world: World, random: Random) -> None:
    probes, artifacts = list(world.probes), list(world.model.artifacts)
    random.shuffle(probes)
    random.shuffle(artifacts)
    shuffled = evolve(
        world, probes=tuple(probes), model=evolve(world.model, artifacts=tuple(artifacts))
    )

    assert shuffled.plan() == world.plan()
    assert shuffled.alternatives() == world.alternatives()
