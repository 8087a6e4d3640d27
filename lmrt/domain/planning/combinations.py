"""Every artifact x backend x device, whether it can run or not."""

from collections.abc import Iterator, Sequence

from attrs import frozen

from lmrt.domain.machine import DeviceKind
from lmrt.domain.models import Artifact
from lmrt.domain.planning.dtypes import DtypeChoice, dtype_choice
from lmrt.domain.planning.gangs import gang_device
from lmrt.domain.planning.kv_types import KvChoice, kv_choice
from lmrt.domain.planning.query import Query
from lmrt.domain.probes import Available, BackendDevice, BackendProbe

CPU = "cpu"


@frozen
class Offer:
    """What one backend brings to a query, whatever the artifact.

    Attributes:
        probe: The backend.
        devices: Its devices that the machine has, in the backend's order.
    """

    probe: BackendProbe
    devices: tuple[BackendDevice, ...]


@frozen
class Combination:
    """What one row of the ledger is about.

    Attributes:
        artifact: What would be loaded.
        offer: The backend's side.
        name: The device's name, or None for an unavailable backend.
        device: The device as the backend sees it, or None where it cannot use it.
        dtypes: The data types that the weights may be loaded as.
        kv_types: The KV cache types that go with them.
    """

    artifact: Artifact
    offer: Offer
    name: str | None
    device: BackendDevice | None
    dtypes: DtypeChoice
    kv_types: KvChoice

    @property
    def backend(self) -> str:
        """The backend's id."""
        return self.offer.probe.backend


def combinations(query: Query, probes: Sequence[BackendProbe]) -> Iterator[Combination]:
    """Yield each combination once.

    The devices are the backend's own, the CPU, every accelerator of the machine and the one that
    the request pins, so that the ledger also says why a backend leaves a device alone.
    """
    for probe in probes:
        offer = Offer(probe, _usable(query, probe))
        usable = {device.device: device for device in offer.devices}
        for name in _names(query, probe):
            device = None if name is None else usable.get(name)
            for artifact in query.model.artifacts:
                dtypes = dtype_choice(query, artifact, device)
                kv_types = kv_choice(query, probe, dtypes.computes)
                yield Combination(artifact, offer, name, device, dtypes, kv_types)


def _names(query: Query, probe: BackendProbe) -> tuple[str | None, ...]:
    if not isinstance(probe.availability, Available):
        return (None,)
    names = [device.device for device in probe.devices]
    names.append(CPU)
    names += [accelerator.device for accelerator in query.machine.accelerators]
    names += [device.device for device in _usable(query, probe)]
    if query.request.device is not None:
        names.append(query.request.device)
    return tuple(dict.fromkeys(names))


def _usable(query: Query, probe: BackendProbe) -> tuple[BackendDevice, ...]:
    found = tuple(
        device
        for device in probe.devices
        if device.kind is DeviceKind.CPU or query.machine.accelerator(device.device) is not None
    )
    gang = gang_device(probe, found)
    return found if gang is None else (*found, gang)
