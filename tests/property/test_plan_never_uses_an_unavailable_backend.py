from hypothesis import given

from lmrt.domain.plans import Rejected
from lmrt.domain.probes import Unavailable
from lmrt.domain.rejections import BackendUnavailable
from tests.property.strategies import worlds
from tests.property.worlds import World


@given(worlds())
def test_an_unavailable_backend_is_rejected_as_such(world: World) -> None:
    gone = {probe.backend for probe in world.probes if isinstance(probe.availability, Unavailable)}

    assert gone.isdisjoint(backend for _, backend, _ in world.executable())
    for row in world.alternatives():
        if row.backend in gone:
            assert isinstance(row.why, Rejected)
            assert any(isinstance(found, BackendUnavailable) for found in row.why.rejections)
