from hypothesis import given
from hypothesis import strategies as st

from lmrt.domain.config import Dtype
from lmrt.domain.plans import Rejected
from lmrt.domain.rejections import PinnedElsewhere
from tests.property.strategies import BACKENDS, DEVICES, able_worlds, worlds
from tests.property.worlds import World


def stored_as(world: World, artifact: str) -> Dtype | None:
    """Return the data type of an artifact's weights, None for rounded ones."""
    (found,) = (one for one in world.model.artifacts if one.id == artifact)
    return None if found.quantization.method else found.dtype


@given(worlds())
def test_candidates_are_what_was_asked_for(world: World) -> None:
    request = world.request
    for (artifact, backend, device), candidate in world.executable().items():
        assert request.backend in (None, backend)
        assert request.device in (None, device)
        assert request.kv_type in (None, candidate.settings.kv_type)
        assert request.dtype in (None, candidate.settings.dtype or stored_as(world, artifact))
        if request.context_length is not None:
            rounding = max(probe.context_rounding for probe in world.probes)
            over = candidate.settings.context_length - request.context_length
            assert 0 <= over < rounding
        probe = next(one for one in world.probes if one.backend == backend)
        assert request.features <= probe.features
        assert request.modalities <= probe.modalities & world.model.modalities


@given(able_worlds(), st.sampled_from(BACKENDS))
def test_a_pinned_backend_is_the_only_one(world: World, backend: str) -> None:
    free = world.executable()
    pinned = world.asking(backend=backend).executable()

    assert pinned == {row: found for row, found in free.items() if row[1] == backend}


@given(able_worlds(), st.sampled_from(DEVICES))
def test_a_pinned_device_is_the_only_one(world: World, device: str) -> None:
    free = world.executable()
    pinned = world.asking(device=device).executable()

    assert pinned == {row: found for row, found in free.items() if row[2] == device}


@given(worlds())
def test_dropping_the_pin_helps_where_nothing_else_is_wrong(world: World) -> None:
    only_pinned = {
        (row.artifact, row.backend, row.device)
        for row in world.alternatives()
        if isinstance(row.why, Rejected)
        and all(isinstance(found, PinnedElsewhere) for found in row.why.rejections)
    }
    free = world.asking(backend=None, device=None)

    assert only_pinned <= free.executable().keys()
