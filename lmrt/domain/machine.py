"""The machine at hand, as far as planning depends on it."""

from enum import StrEnum

from attrs import frozen


class DeviceKind(StrEnum):
    """What sort of processor a device is."""

    CPU = "cpu"
    CUDA = "cuda"
    METAL = "metal"


@frozen
class Processor:
    """The CPU.

    Attributes:
        name: Its marketing name, or the architecture where unknown.
        physical_cores: Cores, hyper-threads not counted, that this process may use.
        logical_cores: Hardware threads that this process may use.
    """

    name: str
    physical_cores: int
    logical_cores: int


@frozen
class Accelerator:
    """A GPU.

    Attributes:
        device: Its name in plans and options: `cuda:0`, `metal`.
        kind: Which interface reaches it.
        name: Its marketing name.
        memory_total: Bytes it can hold (on unified memory, the recommended working set).
        memory_free: Bytes free now, or None where the system does not tell.
        unified: Whether its memory is the machine's main memory.
        memory_bandwidth: Bytes a second, measured, or None.
        driver: Driver version, or None.
    """

    device: str
    kind: DeviceKind
    name: str
    memory_total: int
    memory_free: int | None
    unified: bool = False
    memory_bandwidth: float | None = None
    driver: str | None = None


@frozen
class Machine:
    """Processors, memory and accelerators.

    Attributes:
        system: `Linux` or `Darwin`.
        architecture: `x86_64`, `aarch64` or `arm64`.
        processor: The CPU.
        memory_total: Bytes of main memory, a container's limit counted.
        memory_free: Bytes that can be had without swapping, other processes counted.
        accelerators: GPUs, in the driver's order.
        memory_bandwidth: Bytes a second of main memory, measured, or None.
        findings: What could not be read and why, one line each.
    """

    system: str
    architecture: str
    processor: Processor
    memory_total: int
    memory_free: int
    accelerators: tuple[Accelerator, ...] = ()
    memory_bandwidth: float | None = None
    findings: tuple[str, ...] = ()

    def accelerator(self, device: str) -> Accelerator | None:
        """Return the accelerator of that name, or None."""
        return next((found for found in self.accelerators if found.device == device), None)
