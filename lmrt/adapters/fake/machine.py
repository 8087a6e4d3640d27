"""A machine made to order."""

from attrs import field, frozen

from lmrt.domain.machine import Accelerator, Machine, Processor

GIB = 1 << 30


def fake_machine(
    *,
    memory_total: int = 16 * GIB,
    memory_free: int = 12 * GIB,
    accelerators: tuple[Accelerator, ...] = (),
    physical_cores: int = 8,
    memory_bandwidth: float | None = 50e9,
) -> Machine:
    """Return a Linux machine with these figures."""
    return Machine(
        system="Linux",
        architecture="x86_64",
        processor=Processor("Fake CPU", physical_cores, 2 * physical_cores),
        memory_total=memory_total,
        memory_free=memory_free,
        accelerators=accelerators,
        memory_bandwidth=memory_bandwidth,
    )


@frozen
class FakeMachineProbe:
    """`MachineProbe` that always finds the same machine."""

    machine: Machine = field(factory=fake_machine)

    def inspect(self) -> Machine:
        """Return the machine."""
        return self.machine
