from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from lmrt.domain.planning.caution import NOISE, cautious_decode
from lmrt.domain.plans import SpeedEstimate
from lmrt.domain.speeds import Corrected, Correction
from tests.property.ledgers import keys_of, planned, ranked
from tests.property.strategies import able_worlds
from tests.property.worlds import World

within = st.floats(1 / NOISE * 1.0001, NOISE * 0.9999)
anything = st.floats(0.2, 5.0)


def estimate(rate: float, said: float) -> SpeedEstimate:
    return SpeedEstimate(rate * said, measured_bandwidth=True, correction=Correction(1.0, said, 1))


@given(able_worlds(), st.data())
def test_runs_within_the_noise_change_no_rank(world: World, data: st.DataObject) -> None:
    said = tuple(
        Corrected(key, 1.0, data.draw(within), 3) for key in sorted(keys_of(world), key=repr)
    )

    assert ranked(world, said) == ranked(world, ())


@given(st.floats(0.1, 1e4), st.floats(0.1, 1e4), anything)
def test_runs_of_one_side_flip_only_differences_above_the_noise(
    one: float, other: float, said: float
) -> None:
    plain, corrected = estimate(one, 1.0), estimate(other, said)
    was_ahead = one > other
    is_ahead = cautious_decode(plain) > cautious_decode(corrected)

    if was_ahead and not is_ahead:
        assert corrected.decode >= plain.decode * NOISE * (1 - 1e-9)
    if is_ahead and not was_ahead:
        assert plain.decode >= corrected.decode * NOISE * (1 - 1e-9)


@given(st.floats(0.1, 1e4), anything, st.floats(1.0, 1.5))
def test_what_counts_grows_no_faster_than_what_was_said(
    rate: float, said: float, more: float
) -> None:
    less, most = cautious_decode(estimate(rate, said)), cautious_decode(estimate(rate, said * more))

    assert less * (1 - 1e-9) <= most <= less * more * (1 + 1e-9)


@given(able_worlds(), anything)
def test_the_plan_says_what_was_said(world: World, said: float) -> None:
    found = planned(world, tuple(Corrected(key, said, said, 2) for key in keys_of(world)))
    before = planned(world, ())
    if found is None or before is None or found.chosen.placement != before.chosen.placement:
        return
    if (found.chosen.artifact, found.chosen.backend) != (
        before.chosen.artifact,
        before.chosen.backend,
    ):
        return
    speed = found.chosen.speed
    assert speed.correction == Correction(said, said, 2)
    assert evolve(speed, decode=0.0, prefill=0.0, correction=Correction()) == evolve(
        before.chosen.speed, decode=0.0, prefill=0.0
    )
