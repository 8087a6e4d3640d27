"""What was measured of a machine, kept in the cache directory until the machine is another."""

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from lmrt.domain.fingerprints import fingerprint
from lmrt.domain.machine import Machine
from lmrt.ports.machine import MachineProbe

VERSION = 1
"""Of the measurement: raised when its figures mean something else."""

FIGURES = ("memory_bandwidth", "thread_bandwidth", "arithmetic", "thread_arithmetic")

_SECONDS = 10.0
"""After which the measurement is given up; it takes 1 to 2 where nobody else wants the machine."""

_LEAST, _MOST, _CACHES = 64 << 20, 256 << 20, 8
_MOST_THREADS = 64

Measure = Callable[[int, int], dict[str, float]]


@frozen(kw_only=True)
class MeasuredMachineProbe:
    """A `MachineProbe` that knows how fast the machine is, where that was measured.

    Attributes:
        probe: Looks at the machine.
        path: The file that keeps the figures; its folder is made where it is missing.
        write: Writes a file whole or not at all.
        measure: Measures, given threads and bytes; raises OSError where it cannot. None never
            measures: then what the file holds is all that is known.
    """

    probe: MachineProbe
    path: Path
    write: Callable[[Path, bytes], None]
    measure: Measure | None = None

    def inspect(self) -> Machine:
        """Return the machine as it is now, with what was measured of it."""
        machine = self.probe.inspect()
        if machine.memory_bandwidth is not None:
            return machine
        known = _read(self.path).get(fingerprint(machine))
        if known is None and self.measure is not None:
            try:
                known = _checked(self.measure(_threads(machine), _size(machine)))
            except OSError as error:
                finding = f"memory and arithmetic cannot be measured: {error}"
                return evolve(machine, findings=(*machine.findings, finding))
            machine = self._kept(machine, known)
        figures: Any = known or {}
        return evolve(machine, **figures)

    def _kept(self, machine: Machine, figures: dict[str, float]) -> Machine:
        machines = {**_read(self.path), fingerprint(machine): figures}
        text = json.dumps({"version": VERSION, "machines": machines}, indent=2)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.write(self.path, text.encode())
        except OSError as error:
            finding = f"`{self.path}` cannot be written: {error.strerror or error}"
            return evolve(machine, findings=(*machine.findings, finding))
        return machine


def measure_in_child(threads: int, size: int) -> dict[str, float]:
    """Return the figures, measured by a process of its own.

    Raises:
        OSError: It failed, or took too long.
    """
    import subprocess

    program = Path(__file__).with_name("measuring.py")
    command = [sys.executable, "-I", str(program), str(threads), str(size)]
    try:
        done = subprocess.run(  # noqa: S603 - this package's own program
            command, capture_output=True, check=False, text=True, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise OSError(f"it took more than {_SECONDS:g} s") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise OSError(f"exit code {done.returncode}: {last}")
    return _checked(_parsed(done.stdout))


def _threads(machine: Machine) -> int:
    return max(1, min(machine.processor.physical_cores, _MOST_THREADS))


def _size(machine: Machine) -> int:
    """Return several caches' worth of bytes, and no more than a little of what is free."""
    wanted = _CACHES * (machine.processor.cache or _LEAST)
    return max(_LEAST, min(wanted, _MOST, machine.memory_free // 8)) >> 20 << 20


def _read(path: Path) -> dict[str, dict[str, float]]:
    """Return the figures of each machine; none where the file is missing, old or broken."""
    try:
        document = _parsed(path.read_text(encoding="utf-8"))
        if document.get("version") != VERSION:
            return {}
        return {name: _checked(figures) for name, figures in document["machines"].items()}
    except (OSError, UnicodeDecodeError, KeyError, AttributeError):
        return {}


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise OSError(f"it is no JSON: {error}") from error


def _checked(figures: Any) -> dict[str, float]:
    if not isinstance(figures, dict) or set(figures) != set(FIGURES):
        raise OSError("its figures are not those that are wanted")
    for name, value in figures.items():
        if not isinstance(value, int | float) or not 0 < value < math.inf:
            raise OSError(f"`{name}` is {value!r}")
    return {name: float(value) for name, value in figures.items()}
