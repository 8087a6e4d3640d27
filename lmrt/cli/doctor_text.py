"""A diagnosis for people."""

from collections.abc import Iterator

from lmrt.domain.diagnosis import BackendDiagnosis, Diagnosis, Failed, NotTried, Ran
from lmrt.domain.machine import Accelerator, Machine
from lmrt.domain.probes import Available, Unavailable
from lmrt.domain.sizes import format_size


def diagnosis_lines(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield the lines of a diagnosis."""
    yield f"lmrt {diagnosis.version}"
    yield ""
    yield from _machine(diagnosis.machine)
    for backend in diagnosis.backends:
        yield ""
        yield from _backend(backend)
    yield ""
    if diagnosis.works:
        ran = [row.probe.backend for row in diagnosis.backends if isinstance(row.trial, Ran)]
        yield "works: " + ", ".join(ran)
    else:
        yield "nothing runs here yet: see the fixes above"


def _machine(machine: Machine) -> Iterator[str]:
    processor = machine.processor
    yield f"machine   {machine.system} {machine.architecture}"
    yield (
        f"processor {processor.name}, {processor.physical_cores} cores, "
        f"{processor.logical_cores} threads"
    )
    yield (
        f"memory    {format_size(machine.memory_free)} free of {format_size(machine.memory_total)}"
    )
    if not machine.accelerators:
        yield "gpu       none found"
    for accelerator in machine.accelerators:
        yield f"gpu       {_accelerator(accelerator)}"
    for finding in machine.findings:
        yield f"finding   {finding}"


def _accelerator(accelerator: Accelerator) -> str:
    free = accelerator.memory_free
    memory = format_size(accelerator.memory_total)
    if free is not None:
        memory = f"{format_size(free)} free of {memory}"
    unified = ", shared with the CPU" if accelerator.unified else ""
    driver = f", driver {accelerator.driver}" if accelerator.driver else ""
    return f"{accelerator.device}: {accelerator.name}, {memory}{unified}{driver}"


def _backend(row: BackendDiagnosis) -> Iterator[str]:
    probe = row.probe
    match probe.availability:
        case Available(version):
            devices = ", ".join(device.device for device in probe.devices)
            yield f"{probe.backend} {version}: available on {devices}"
        case Unavailable(reason, message, fix):
            yield f"{probe.backend}: {reason}: {message}"
            if fix:
                yield f"  fix     {fix}"
    match row.trial:
        case Ran(text, specialization, on_device, layers, speed):
            rate = f", {speed:,.0f} tokens/s" if speed else ""
            yield f"  ran     {specialization}, {on_device} of {layers} layers on a GPU{rate}"
            yield f"  said    {' '.join(text.split())}"
        case Failed(code, message, hint):
            yield f"  failed  {code}: {message}"
            if hint:
                yield f"  hint    {hint}"
        case NotTried():
            pass
    for name, value in probe.details:
        yield f"  {name:<7} {value}"
