"""The file that keeps the runs."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import IO

from lmrt.adapters.ledger.lines import line_of, run_of
from lmrt.domain.speeds import SpeedRun

MOST = 400
"""Runs that are kept; the oldest go first, a few at a time."""

_SPARE = 100


class FileSpeedLedger:
    """Implements `SpeedLedger`: lines are appended under a lock, so that none is torn or lost.

    Args:
        path: The file; its folder is made where it is missing.
        tell: Told what is wrong with the file, once; the broken lines go with the next run.
    """

    def __init__(self, path: Path, tell: Callable[[str], None]) -> None:
        self._path = path
        self._tell = tell
        self._lock = Lock()
        self._told = False

    def record(self, run: SpeedRun) -> None:
        """Keep a run; where that is not possible it is forgotten, and told once."""
        try:
            with self._lock, self._locked() as file:
                found, broken = _read(file)
                if broken or len(found) >= MOST + _SPARE:
                    kept = [*(line for line, _ in found[-(MOST - 1) :]), line_of(run)]
                    file.seek(0)
                    file.truncate()
                    file.write(b"".join(kept))
                else:
                    file.write(line_of(run))
                file.flush()
        except OSError as error:
            self._complain(f"`{self._path}` cannot be written: {error.strerror or error}")

    def runs(self, machine: str) -> tuple[SpeedRun, ...]:
        """Return the runs on the machine with that fingerprint, the oldest first."""
        try:
            with self._path.open("rb") as file:
                found, broken = _read(file)
        except FileNotFoundError:
            return ()
        except OSError as error:
            self._complain(f"`{self._path}` cannot be read: {error.strerror or error}")
            return ()
        if broken:
            self._complain(f"{broken} broken lines of `{self._path}` are left out")
        return tuple(run for _, run in found if run is not None and run.machine == machine)

    @contextmanager
    def _locked(self) -> Iterator[IO[bytes]]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file

    def _complain(self, what: str) -> None:
        if not self._told:
            self._told = True
            self._tell(what)


def _read(file: IO[bytes]) -> tuple[list[tuple[bytes, SpeedRun | None]], int]:
    """Return whole lines with their runs, None for another version, and how many are broken."""
    file.seek(0, os.SEEK_SET)
    found: list[tuple[bytes, SpeedRun | None]] = []
    lines = file.read().splitlines(keepends=True)
    for line in lines:
        # The last one, where it was torn, has no end
        if line.endswith(b"\n"):
            with suppress(ValueError, TypeError, KeyError, RecursionError):
                found.append((line, run_of(line)))
    return found, len(lines) - len(found)
