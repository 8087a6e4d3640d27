"""How much of the memory's speed the engine reaches when it decodes."""

from lmrt.domain.machine import DeviceKind
from lmrt.domain.probes import BackendDevice

# Measured on an x86-64 CPU: F16 reached 0.9 of the memory's speed, Q8_0 0.5, Q4_K_M 0.4. The
# accelerators' are typical figures, good enough to rank candidates.
_EFFICIENCY = {DeviceKind.CPU: 0.6, DeviceKind.CUDA: 0.7, DeviceKind.METAL: 0.7}


def backend_device(name: str, kind: DeviceKind) -> BackendDevice:
    """Return the device with the engine's efficiency on its kind."""
    return BackendDevice(name, kind, _EFFICIENCY[kind])
