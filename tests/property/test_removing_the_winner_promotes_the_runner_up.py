from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from lmrt.domain.plans import Outranked
from tests.property.strategies import able_worlds, worlds
from tests.property.worlds import Row, World, row_of


def without_artifact(world: World, artifact: str) -> World:
    kept = tuple(one for one in world.model.artifacts if one.id != artifact)
    return evolve(world, model=evolve(world.model, artifacts=kept))


def without_backend(world: World, backend: str) -> World:
    return evolve(world, probes=tuple(one for one in world.probes if one.backend != backend))


def ranked(world: World) -> list[Row]:
    """Return the candidates that can run, the best first."""
    plan = world.plan()
    if plan is None:
        return []
    others = [
        (row.artifact, row.backend, row.device)
        for row in plan.alternatives
        if isinstance(row.why, Outranked)
    ]
    return [row_of(plan.chosen), *others]


@given(st.one_of(worlds(), able_worlds()))
def test_without_the_winning_artifact_the_next_best_of_others_wins(world: World) -> None:
    before = ranked(world)
    assume(before)
    gone = before[0][0]

    assert ranked(without_artifact(world, gone)) == [row for row in before if row[0] != gone]


@given(st.one_of(worlds(), able_worlds()))
def test_without_the_winning_backend_the_next_best_of_others_wins(world: World) -> None:
    before = ranked(world)
    assume(before)
    gone = before[0][1]

    assert ranked(without_backend(world, gone)) == [row for row in before if row[1] != gone]
