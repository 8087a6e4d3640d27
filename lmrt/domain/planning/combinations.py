"""Every artifact x backend x device, whether it can run or not."""

from collections.abc import Iterator, Sequence

from attrs import frozen

from lmrt.domain.machine import DeviceKind
from lmrt.domain.models import Artifact
from lmrt.domain.planning.query import Query
from lmrt.domain.probes import Available, BackendDevice, BackendProbe

CPU = "cpu"


@frozen
class Combination:
    """What one row of the ledger is about; `device` is None for an unavailable backend."""

    artifact: Artifact
    probe: BackendProbe
    device: str | None


def combinations(query: Query, probes: Sequence[BackendProbe]) -> Iterator[Combination]:
    """Yield each combination once.

    The devices are the backend's own, the CPU, every accelerator of the machine and the one that
    the request pins, so that the ledger also says why a backend leaves a device alone.
    """
    for probe in probes:
        for device in _devices(query, probe):
            for artifact in query.model.artifacts:
                yield Combination(artifact, probe, device)


def _devices(query: Query, probe: BackendProbe) -> tuple[str | None, ...]:
    if not isinstance(probe.availability, Available):
        return (None,)
    names = [device.device for device in probe.devices]
    names.append(CPU)
    names += [accelerator.device for accelerator in query.machine.accelerators]
    if query.request.device is not None:
        names.append(query.request.device)
    return tuple(dict.fromkeys(names))


def usable_devices(query: Query, probe: BackendProbe) -> tuple[BackendDevice, ...]:
    """Return the backend's devices that the machine has, in the backend's order."""
    return tuple(
        device
        for device in probe.devices
        if device.kind is DeviceKind.CPU or query.machine.accelerator(device.device) is not None
    )


def usable_device(query: Query, combination: Combination) -> BackendDevice | None:
    """Return the combination's device as its backend sees it, or None where it cannot use it."""
    devices = usable_devices(query, combination.probe)
    return next((found for found in devices if found.device == combination.device), None)
