"""How fast a candidate decodes: a roofline of memory bandwidth.

One token reads every active weight once, so the time it takes is the bytes read over the bandwidth
that the engine reaches, summed over the processors that the layers are on. The cache is empty, and
arithmetic is not counted: good for ranking candidates, and an upper bound for a measurement.
"""

from attrs import frozen

from lmrt.domain.machine import Accelerator, DeviceKind, Machine
from lmrt.domain.planning.weights import Sizing
from lmrt.domain.plans import OnCpu, OnDevice, Placement, SpeedEstimate, SplitLayers, SpreadLayers
from lmrt.domain.probes import BackendDevice, BackendProbe

TYPICAL_BANDWIDTH = {DeviceKind.CPU: 40e9, DeviceKind.CUDA: 500e9, DeviceKind.METAL: 200e9}
"""Bytes a second where none was measured: two channels of DDR5 at half their peak, a mid-range
graphics card, an M-series Pro."""

_LEAST_EFFICIENCY = 0.01


@frozen
class BytesRead:
    """Bytes of weights that one token reads, by processor."""

    host: float
    device: float


def bytes_read(sizing: Sizing, placement: Placement) -> BytesRead:
    """Return what one token reads; of the token embedding that is one row, not counted."""
    layers = sum(sizing.active_layers)
    rest = sizing.head + sizing.other
    match placement:
        case OnCpu():
            return BytesRead(layers + rest, 0.0)
        case OnDevice() | SpreadLayers():
            return BytesRead(0.0, layers + rest)
        case SplitLayers(_, count, total):
            host = sum(sizing.active_layers[: total - count])
            return BytesRead(host, layers - host + rest)


def speed(
    read: BytesRead,
    device: BackendDevice,
    probe: BackendProbe,
    machine: Machine,
    accelerator: Accelerator | None,
) -> SpeedEstimate:
    """Return the expected decode speed.

    Args:
        read: What one token reads.
        device: The device as the backend sees it.
        probe: The backend, for what it reaches on the CPU.
        machine: For the bandwidth of main memory.
        accelerator: The device where it is no CPU.
    """
    seconds, measured = 0.0, True
    if read.host:
        bandwidth = machine.memory_bandwidth
        cpus = (found for found in probe.devices if found.kind is DeviceKind.CPU)
        seconds += _seconds(read.host, bandwidth, next(cpus, device).efficiency, DeviceKind.CPU)
        measured = measured and bandwidth is not None
    if read.device and accelerator is not None:
        bandwidth = accelerator.memory_bandwidth
        seconds += _seconds(read.device, bandwidth, device.efficiency, device.kind)
        measured = measured and bandwidth is not None
    return SpeedEstimate(1.0 / max(seconds, 1e-9), measured)


def _seconds(size: float, bandwidth: float | None, efficiency: float, kind: DeviceKind) -> float:
    reached = (bandwidth or TYPICAL_BANDWIDTH[kind]) * max(efficiency, _LEAST_EFFICIENCY)
    return size / reached
