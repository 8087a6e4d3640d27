"""Threads that fetch, which nobody has to wait for once they are not wanted any more."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import TypeVar

_J = TypeVar("_J")
_R = TypeVar("_R")


class GateShutError(Exception):
    """The gate is shut: whoever wanted to pass has to end."""


class Gate:
    """Lets threads change files until it is shut; then none of them changes one any more."""

    def __init__(self) -> None:
        self._passing = Lock()
        self._shut = Event()

    @contextmanager
    def passed(self) -> Iterator[None]:
        """Pass for as long as the block takes.

        Raises:
            GateShutError: The gate is shut.
        """
        with self._passing:
            if self._shut.is_set():
                raise GateShutError
            yield

    def wait(self, seconds: float) -> None:
        """Wait, unless the gate is shut meanwhile.

        Raises:
            GateShutError: The gate is shut.
        """
        if self._shut.wait(seconds):
            raise GateShutError

    def shut(self) -> None:
        """Let nobody pass; returns when nobody is passing any more."""
        with self._passing:
            self._shut.set()


def side_by_side(
    work: Callable[[_J], _R], jobs: Sequence[_J], threads: int, gate: Gate
) -> list[_R]:
    """Do several jobs at the same time, and return what each gives, in their order.

    The first that fails ends it, and so does Ctrl-C: the gate is shut and the threads are left to
    themselves, for one that waits for a server would not notice for as long as that takes.

    Raises:
        Exception: What the first job to fail raised.
    """
    waiting: SimpleQueue[tuple[int, _J]] = SimpleQueue()
    results: SimpleQueue[tuple[int, _R] | _Failure] = SimpleQueue()
    for numbered in enumerate(jobs):
        waiting.put(numbered)

    def run() -> None:
        while True:
            try:
                with gate.passed():
                    number, job = waiting.get_nowait()
            except (Empty, GateShutError):
                return
            try:
                results.put((number, work(job)))
            except Exception as error:  # noqa: BLE001 - it is raised where results are taken
                results.put(_Failure(error))
                return

    try:
        for _ in range(min(threads, len(jobs))):
            Thread(target=run, name="lmrt-hub", daemon=True).start()
        done = dict(_sound(results.get()) for _ in jobs)
    except BaseException:
        gate.shut()
        raise
    return [done[number] for number in range(len(jobs))]


class _Failure:
    def __init__(self, error: Exception) -> None:
        self.error = error


def _sound(result: _R | _Failure) -> _R:
    if isinstance(result, _Failure):
        raise result.error
    return result
