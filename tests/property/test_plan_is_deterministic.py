from attrs import evolve
from hypothesis import given

from tests.property.strategies import worlds
from tests.property.worlds import World


@given(worlds())
def test_equal_arguments_give_equal_plans(world: World) -> None:
    twin = evolve(
        world,
        model=evolve(world.model, shape=evolve(world.model.shape)),
        probes=tuple(evolve(probe) for probe in world.probes),
    )

    assert world.plan() == twin.plan()
    assert world.alternatives() == twin.alternatives()
