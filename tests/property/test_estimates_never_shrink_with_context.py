from hypothesis import given
from hypothesis import strategies as st

from tests.property.strategies import worlds
from tests.property.worlds import World


@given(worlds(), st.integers(1, 60_000), st.integers(1, 60_000))
def test_more_context_never_needs_less_memory(world: World, one: int, other: int) -> None:
    shorter, longer = (
        world.asking(context_length=length).executable() for length in sorted((one, other))
    )

    for row in shorter.keys() & longer.keys():
        less, more = shorter[row], longer[row]
        same = less.placement == more.placement
        if same and less.settings.kv_type is more.settings.kv_type:
            assert less.memory.kv_cache <= more.memory.kv_cache
            assert less.memory.total <= more.memory.total
            assert less.memory.host <= more.memory.host
            assert less.memory.device <= more.memory.device
