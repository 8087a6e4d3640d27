from collections import Counter
from itertools import product

from hypothesis import given

from lmrt.domain.explanations import describe
from lmrt.domain.machine import DeviceKind
from lmrt.domain.plans import Outranked, Rejected
from lmrt.domain.probes import Available, BackendProbe, Feature
from tests.property.strategies import worlds
from tests.property.worlds import World


def gang(world: World, probe: BackendProbe) -> set[str]:
    """Return the name of all NVIDIA cards together, where the backend can join them."""
    cards = [
        one.device
        for one in probe.devices
        if one.kind is DeviceKind.CUDA and world.machine.accelerator(one.device) is not None
    ]
    can_join = Feature.SEVERAL_DEVICES in probe.features and len(cards) > 1
    return {"+".join(cards)} if can_join else set()


@given(worlds())
def test_every_artifact_backend_and_device_is_accounted_for_once(world: World) -> None:
    expected = []
    for artifact, probe in product(world.model.artifacts, world.probes):
        devices: set[str | None] = {None}
        if isinstance(probe.availability, Available):
            devices = {"cpu", world.request.device or "cpu"}
            devices |= {one.device for one in probe.devices}
            devices |= {one.device for one in world.machine.accelerators}
            devices |= gang(world, probe)
        expected += [(artifact.id, probe.backend, device) for device in devices]

    assert Counter(world.rows()) == Counter(expected)


@given(worlds())
def test_every_loser_says_why(world: World) -> None:
    for row in world.alternatives():
        match row.why:
            case Outranked(reason):
                assert reason
                assert row.candidate is not None
            case Rejected(rejections):
                assert rejections
                assert len(set(rejections)) == len(rejections)
                assert all(describe(rejection) for rejection in rejections)


@given(worlds())
def test_those_that_can_run_come_first(world: World) -> None:
    kinds = [isinstance(row.why, Rejected) for row in world.alternatives()]

    assert kinds == sorted(kinds)
