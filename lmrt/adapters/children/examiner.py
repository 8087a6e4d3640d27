"""One child process for each backend that is tried out."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock

from lmrt.adapters.children.output import Tail
from lmrt.domain.diagnosis import Failed, NotTried, Ran, Trial
from lmrt.domain.examinations import End, Examination, Finished, GivenUp, Killed, NotStarted
from lmrt.domain.probes import BackendProbe
from lmrt.domain.signals import signal_name

_LARGEST = 4 * 2**20
"""Bytes of the largest report that is read; real ones have some thousand."""


class ChildExaminer:
    """Implements `Examiner`.

    A child writes its report, line by line, to a file of its own: whatever the engine prints cannot
    spoil it. What it wrote before it crashed counts.

    Args:
        command: Begins the child; the backend and the report's path are added.
        read: Reads one line of a report; raises ValueError where it is something else.
        seconds: How long a child may take.
    """

    def __init__(
        self,
        command: Sequence[str],
        read: Callable[[str], BackendProbe | Trial],
        seconds: float,
    ) -> None:
        self._command = tuple(command)
        self._read = read
        self._seconds = seconds
        self._lock = Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def examine(self, backend: str) -> Examination:
        """Let a backend's engine tell of itself and answer a prompt; from any thread."""
        try:
            with tempfile.TemporaryDirectory(prefix="lmrt-") as folder:
                report = Path(folder, "report")
                end = self._run((*self._command, backend, str(report)))
                return self._told(report, end)
        except OSError as error:
            return Examination(None, None, NotStarted(error.strerror or str(error)))

    def stop(self) -> None:
        """End every process that still runs; from any thread."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                _kill(process)

    def _run(self, command: Sequence[str]) -> End:
        with self._lock:
            if self._stopped:
                return NotStarted("it was interrupted")
            # A session of its own, so that what the engine starts can be ended with it.
            process = subprocess.Popen(  # noqa: S603 - our own interpreter
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._running.add(process)
        tail = Tail(process.stdout)
        try:
            status = process.wait(self._seconds)
        except subprocess.TimeoutExpired:
            _kill(process)
            process.wait()
            return GivenUp(self._seconds)
        finally:
            with self._lock:
                self._running.discard(process)
        return Finished(status, tail.last_line()) if status >= 0 else Killed(signal_name(-status))

    def _told(self, report: Path, end: End) -> Examination:
        probe: BackendProbe | None = None
        trial: Trial | None = None
        for line in _lines(report):
            try:
                match self._read(line):
                    case BackendProbe() as told:
                        probe = told
                    case Ran() | Failed() | NotTried() as told:
                        trial = told
            except ValueError:
                break  # cut off by a crash
        return Examination(probe, trial, end)


def _lines(report: Path) -> list[str]:
    try:
        with report.open("rb") as file:
            return file.read(_LARGEST).decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []


def _kill(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
