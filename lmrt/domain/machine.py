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
        cache: Bytes of the largest cache, or None where the system does not tell.
    """

    name: str
    physical_cores: int
    logical_cores: int
    cache: int | None = None


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
        memory_bandwidth: Bytes a second, as the driver or the maker tells, or None.
        driver: Driver version, or None.
        arithmetic: Operations a second in 16 bits, as the maker tells, or None.
    """

    device: str
    kind: DeviceKind
    name: str
    memory_total: int
    memory_free: int | None
    unified: bool = False
    memory_bandwidth: float | None = None
    driver: str | None = None
    arithmetic: float | None = None


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
        memory_bandwidth: Bytes a second of main memory that all cores read, measured, or None.
        findings: What could not be read and why, one line each.
        thread_bandwidth: Bytes a second that one core reads, measured, or None.
        arithmetic: Operations a second of all cores in f32, measured, or None.
        thread_arithmetic: The same of one core.
    """

    system: str
    architecture: str
    processor: Processor
    memory_total: int
    memory_free: int
    accelerators: tuple[Accelerator, ...] = ()
    memory_bandwidth: float | None = None
    findings: tuple[str, ...] = ()
    thread_bandwidth: float | None = None
    arithmetic: float | None = None
    thread_arithmetic: float | None = None

    def accelerator(self, device: str) -> Accelerator | None:
        """Return the accelerator of that name, or None."""
        return next((found for found in self.accelerators if found.device == device), None)
