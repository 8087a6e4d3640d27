from hypothesis import given
from hypothesis import strategies as st

from lmrt.domain.corrections import corrections, nearest
from lmrt.domain.speeds import LEAST_FACTOR, MOST_FACTOR, RunKey, SpeedRun
from tests.property.ledgers import keys, keys_of, planned, runs
from tests.property.strategies import able_worlds
from tests.property.worlds import World


@given(runs.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_permuted_runs_say_the_same(both: tuple[list[SpeedRun], list[SpeedRun]]) -> None:
    assert corrections(both[0]) == corrections(both[1])


@given(able_worlds(), runs, st.data())
def test_permuted_corrections_give_the_same_plan(
    world: World, found: list[SpeedRun], data: st.DataObject
) -> None:
    said = corrections(found)
    assert planned(world, said) == planned(world, tuple(data.draw(st.permutations(said))))


@given(runs, keys)
def test_a_correction_is_between_the_extremes_of_its_runs(
    found: list[SpeedRun], key: RunKey
) -> None:
    table = {each.key: each for each in corrections(found)}
    said = nearest(table, key)
    factors = [run.decode.factor for run in found if run.decode and run.key.device == key.device]

    assert LEAST_FACTOR <= said.decode <= MOST_FACTOR
    if said.decode != 1:
        assert min(factors) <= said.decode <= max(factors)


@given(able_worlds(), runs)
def test_nobody_is_corrected_by_runs_of_others(world: World, found: list[SpeedRun]) -> None:
    ran = {(run.key.backend, run.key.device) for run in found}
    if any((key.backend, key.device) in ran for key in keys_of(world)):
        return
    assert planned(world, corrections(found)) == planned(world, ())
