from hypothesis import assume, given
from hypothesis import strategies as st

from lmrt.domain.config import KvType
from tests.property.strategies import BACKENDS, DEVICES, able_worlds
from tests.property.worlds import World, row_of


@given(able_worlds(), st.sampled_from(BACKENDS), st.sampled_from(DEVICES))
def test_two_pins_leave_what_each_of_them_leaves(world: World, backend: str, device: str) -> None:
    one = world.asking(backend=backend).executable()
    other = world.asking(device=device).executable()
    both = world.asking(backend=backend, device=device).executable()

    assert both == {row: found for row, found in one.items() if row in other}


@given(able_worlds())
def test_pinning_what_was_chosen_changes_nothing(world: World) -> None:
    plan = world.plan()
    assume(plan is not None)
    assert plan is not None
    _, backend, device = row_of(plan.chosen)

    for pins in ({"backend": backend}, {"device": device}, {"backend": backend, "device": device}):
        pinned = world.asking(**pins).plan()
        assert pinned is not None
        assert pinned.chosen == plan.chosen


@given(able_worlds(), st.sampled_from(BACKENDS), st.sampled_from(KvType), st.integers(1, 30_000))
def test_a_further_pin_adds_nothing(
    world: World, backend: str, kv_type: KvType, context: int
) -> None:
    asked = world.asking(kv_type=kv_type, context_length=context)

    free = asked.executable()
    pinned = asked.asking(backend=backend).executable()
    assert pinned == {row: found for row, found in free.items() if row[1] == backend}
