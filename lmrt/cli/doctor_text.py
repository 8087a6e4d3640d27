"""A diagnosis for people, in lines that fit a terminal of 80 columns."""

import textwrap
from collections.abc import Iterator

from attrs import frozen

from lmrt.cli.columns import width
from lmrt.cli.terminal import for_terminal
from lmrt.domain.diagnosis import BackendDiagnosis, Diagnosis, Failed, NotTried, Ran
from lmrt.domain.machine import Accelerator, Machine
from lmrt.domain.probes import Available, BackendProbe, Unavailable
from lmrt.domain.remedies import Remedy
from lmrt.domain.sizes import format_size

COLUMNS = 80
_LABEL = 12


def diagnosis_lines(diagnosis: Diagnosis, columns: int | None = COLUMNS) -> Iterator[str]:
    """Yield the lines of a diagnosis.

    Args:
        diagnosis: What was found.
        columns: How wide they may be; None for as wide as they are.
    """
    yield f"lmrt {diagnosis.version}"
    yield ""
    parts = [list(_machine(diagnosis.machine))]
    parts += [list(_backend(row)) for row in diagnosis.backends]
    parts += [list(_remedy(remedy)) for remedy in diagnosis.remedies]
    for number, part in enumerate(parts):
        if number:
            yield ""
        for line in part:
            yield from line.shown(columns)
    yield ""
    ran = [row.probe.backend for row in diagnosis.backends if isinstance(row.trial, Ran)]
    yield "works: " + ", ".join(ran) if ran else "nothing runs here yet: see the findings above"


@frozen
class _Line:
    """A labelled text, or a text alone where the label is empty.

    Attributes:
        label: What stands before it.
        text: The text; runs of blanks become one.
        indent: Blanks before the label.
        whole: Whether it stays in one line, so that it can be copied.
    """

    label: str
    text: str
    indent: str = ""
    whole: bool = False

    def shown(self, columns: int | None) -> Iterator[str]:
        """Yield its lines, wrapped between words; a word that is too long has its own."""
        text = " ".join(for_terminal(self.text).split())
        label = " ".join(for_terminal(self.label).split())
        if not label:
            yield text
            return
        begin = f"{self.indent}{label} ".ljust(_LABEL)
        if columns is None or self.whole:
            yield (begin + text).rstrip()
            return
        room = columns - _LABEL
        lines = _wrapped(text, room) or [""]
        if len(begin) > _LABEL:
            lines = _wrapped(f"{begin.strip()} {text}", room)
            begin = self.indent
        for number, line in enumerate(lines):
            yield ((begin if number == 0 else " " * _LABEL) + line).rstrip()


def _wrapped(text: str, room: int) -> list[str]:
    if text.isascii():
        return textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
    lines: list[str] = []
    for word in text.split(" "):
        if lines and width(lines[-1]) + 1 + width(word) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _machine(machine: Machine) -> Iterator[_Line]:
    processor = machine.processor
    yield _Line("machine", f"{machine.system} {machine.architecture}")
    cores = _counted(processor.physical_cores, "core")
    threads = _counted(processor.logical_cores, "thread")
    yield _Line("processor", f"{processor.name}, {cores}, {threads}")
    memory = f"{format_size(machine.memory_free)} free of {format_size(machine.memory_total)}"
    speed = machine.memory_bandwidth
    if speed is not None:
        memory += f", read at {speed / 1e9:,.1f} GB/s"
    yield _Line("memory", memory)
    if not machine.accelerators:
        yield _Line("gpu", "none found")
    for accelerator in machine.accelerators:
        yield _Line("gpu", _accelerator(accelerator))


def _accelerator(accelerator: Accelerator) -> str:
    free = accelerator.memory_free
    memory = format_size(accelerator.memory_total)
    if free is not None:
        memory = f"{format_size(free)} free of {memory}"
    unified = ", shared with the CPU" if accelerator.unified else ""
    driver = f", driver {accelerator.driver}" if accelerator.driver else ""
    return f"{accelerator.device}: {accelerator.name}, {memory}{unified}{driver}"


def _backend(row: BackendDiagnosis) -> Iterator[_Line]:
    probe = row.probe
    match probe.availability:
        case Available(version):
            devices = ", ".join(device.device for device in probe.devices) or "nothing"
            yield _Line("", f"{probe.backend} {version}: available on {devices}")
        case Unavailable(reason):
            yield _Line("", f"{probe.backend}: {reason}")
    match row.trial:
        case Ran(text, specialization, on_device, layers, speed):
            rate = f", {speed:,.0f} tokens/s" if speed else ""
            where = f"{specialization}, {on_device} of {layers} layers on a GPU{rate}"
            yield _Line("ran", where, "  ")
            yield _Line("said", text, "  ")
        case Failed(code, message):
            yield _Line("failed", f"{code}: {message}", "  ")
        case NotTried():
            pass
    if isinstance(probe.availability, Available):
        yield from _details(probe)


def _details(probe: BackendProbe) -> Iterator[_Line]:
    features = ", ".join(sorted(probe.features))
    for name, value in (*probe.details, *((("features", features),) if features else ())):
        label, _, rest = name.partition(" ")
        yield _Line(label, f"{rest}: {value}" if rest else value, "  ")


def _remedy(remedy: Remedy) -> Iterator[_Line]:
    yield _Line("", f"finding[{remedy.code}]")
    yield _Line("what", remedy.what, "  ")
    yield _Line("why", remedy.why, "  ")
    if remedy.command is not None:
        yield _Line("fix", remedy.command, "  ", whole=True)


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
