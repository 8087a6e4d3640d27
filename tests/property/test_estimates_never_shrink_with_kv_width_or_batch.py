"""Nobody can ask for a batch size, so larger ones are counted by the planner's own parts."""

import itertools

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from lmrt.domain.config import KvType
from lmrt.domain.planning.compute import buffer_bytes, input_bytes
from lmrt.domain.planning.kv_cache import total_bytes
from lmrt.domain.planning.query import query
from lmrt.domain.planning.settings import CacheSettings
from lmrt.domain.plans import Candidate
from tests.property.strategies import USUAL_KV_TYPES, able_worlds
from tests.property.worlds import World

BY_WIDTH = sorted(KvType, key=lambda kv_type: kv_type.bits)


def same_way(one: Candidate, other: Candidate) -> bool:
    """Return whether two candidates differ in their KV cache alone."""
    alike = evolve(one.settings, kv_type=KvType.F16) == evolve(other.settings, kv_type=KvType.F16)
    return one.placement == other.placement and alike


@given(able_worlds(), st.integers(1, 40_000))
def test_a_wider_kv_cache_never_takes_less(world: World, context: int) -> None:
    asked = world.asking(context_length=context)
    found = [asked.asking(kv_type=kv_type).executable() for kv_type in BY_WIDTH]

    for narrow, wide in itertools.pairwise(found):
        for row in narrow.keys() & wide.keys():
            less, more = narrow[row], wide[row]
            if same_way(less, more):
                assert less.memory.kv_cache <= more.memory.kv_cache
                assert less.memory.total - less.memory.compute <= (
                    more.memory.total - more.memory.compute
                )


@given(able_worlds(), st.data())
def test_a_larger_batch_never_takes_less(world: World, data: st.DataObject) -> None:
    kinds = query(world.request, world.model, world.machine).kinds
    settings = CacheSettings(
        context=data.draw(st.integers(1, 100_000)),
        kv_type=data.draw(st.sampled_from(USUAL_KV_TYPES)),
        flash_attention=data.draw(st.booleans()),
        batch=data.draw(st.integers(1, 4096)),
        sequences=data.draw(st.integers(1, 16)),
        rounding=data.draw(st.sampled_from((1, 64, 256))),
        whole_windows=data.draw(st.booleans()),
    )
    larger = evolve(settings, batch=settings.batch + data.draw(st.integers(1, 4096)))
    shape, feed_forward = world.model.shape, data.draw(st.integers(0, 20_000))

    for count in (buffer_bytes,):
        assert count(shape, kinds, feed_forward, settings) <= count(
            shape, kinds, feed_forward, larger
        )
    assert input_bytes(shape, kinds, settings) <= input_bytes(shape, kinds, larger)
    assert total_bytes(kinds, settings) <= total_bytes(kinds, larger)
