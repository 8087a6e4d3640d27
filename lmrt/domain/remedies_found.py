"""Which findings follow from the machine, its processes and what came of each backend."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from lmrt.domain.diagnosis import BackendDiagnosis, Failed, NotTried, Ran
from lmrt.domain.machine import Accelerator, DeviceKind, Machine
from lmrt.domain.probes import Available, BackendProbe, Unavailable, UnavailableReason
from lmrt.domain.remedies import Remedy
from lmrt.domain.remedies_engine import (
    BuiltWithoutCuda,
    BuiltWithoutMetal,
    EngineAdvice,
    EngineBroken,
    EngineCrashed,
    EngineHangs,
    EngineVersionUnsupported,
    ExtraMissing,
    TrialFailed,
    WheelForAnotherArchitecture,
    WheelForAnotherProcessor,
)
from lmrt.domain.remedies_machine import (
    MachineUnread,
    MemoryHolder,
    MemoryLow,
    PythonUnderRosetta,
)

LITTLE = 2 * 2**30
"""Bytes of free memory below which only small models fit: 3 billion weights of 4 bits."""

_BY_REASON: Mapping[UnavailableReason, Callable[[str, str, str | None], Remedy]] = {
    UnavailableReason.NOT_INSTALLED: ExtraMissing,
    UnavailableReason.BROKEN: EngineBroken,
    UnavailableReason.UNSUPPORTED_VERSION: EngineVersionUnsupported,
    UnavailableReason.NOT_IN_THIS_VERSION: EngineVersionUnsupported,
    UnavailableReason.WRONG_PROCESSOR: WheelForAnotherProcessor,
    UnavailableReason.WRONG_ARCHITECTURE: WheelForAnotherArchitecture,
    UnavailableReason.CRASHED: EngineCrashed,
    UnavailableReason.HANGS: EngineHangs,
}


def engine_remedies(
    machine: Machine, backends: Sequence[BackendDiagnosis], advice: Mapping[str, EngineAdvice]
) -> Iterator[Remedy]:
    """Yield what is wrong with the engines.

    Args:
        machine: The machine.
        backends: What came of each.
        advice: The commands that mend each, by the backend's id.
    """
    for row in backends:
        name = row.probe.backend
        match row.probe.availability:
            case Unavailable(reason, message, fix):
                yield _BY_REASON[reason](name, message, fix)
            case Available():
                if name in advice:
                    yield from _unused(machine, row.probe, advice[name])
        match row.trial:
            case Failed(code, message, hint):
                yield TrialFailed(name, code, message, hint)
            case Ran() | NotTried():
                pass


def machine_remedies(machine: Machine, holders: Sequence[MemoryHolder]) -> Iterator[Remedy]:
    """Yield what is wrong with the machine.

    Args:
        machine: The machine.
        holders: Processes that hold most of its memory, the largest first.
    """
    yield from map(MachineUnread, machine.findings)
    if _under_rosetta(machine):
        yield PythonUnderRosetta()
    if memory_low(machine):
        yield MemoryLow("cpu", machine.memory_free, machine.memory_total, tuple(holders))
    for card in machine.accelerators:
        free = card.memory_free
        if free is not None and not card.unified and _is_low(free, card.memory_total):
            yield MemoryLow(card.device, free, card.memory_total)


def memory_low(machine: Machine) -> bool:
    """Return whether little main memory is free."""
    return machine.memory_total > 0 and _is_low(machine.memory_free, machine.memory_total)


def _is_low(free: int, total: int) -> bool:
    """Return whether little is free, of a small memory as well as of a large one."""
    return free < min(LITTLE, total // 2)


def _unused(machine: Machine, probe: BackendProbe, advice: EngineAdvice) -> Iterator[Remedy]:
    """Yield the accelerators that another build of the engine would use."""
    used = {device.kind for device in probe.devices}
    for kind, command in advice.builds.items():
        card = _first_of(machine, kind)
        if card is None or kind in used:
            continue
        match kind:
            case DeviceKind.CUDA:
                yield BuiltWithoutCuda(probe.backend, card.name, command)
            case DeviceKind.METAL if not _under_rosetta(machine):
                yield BuiltWithoutMetal(probe.backend, card.name, command)
            case _:
                pass


def _first_of(machine: Machine, kind: DeviceKind) -> Accelerator | None:
    return next((card for card in machine.accelerators if card.kind is kind), None)


def _under_rosetta(machine: Machine) -> bool:
    """Return whether an Intel build of Python runs on an Apple chip: only those have Metal here."""
    return (machine.system, machine.architecture) == ("Darwin", "x86_64") and (
        _first_of(machine, DeviceKind.METAL) is not None
    )
