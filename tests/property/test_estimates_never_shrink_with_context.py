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
        # Room for more context may come from weights that are rounded to fewer bits.
        same = (less.placement, less.settings.kv_type, less.settings.dtype) == (
            more.placement,
            more.settings.kv_type,
            more.settings.dtype,
        )
        if same:
            assert less.memory.kv_cache <= more.memory.kv_cache
            assert less.memory.total <= more.memory.total
            assert less.memory.host <= more.memory.host
            assert less.memory.device <= more.memory.device
