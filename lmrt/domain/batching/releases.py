"""Sequences that their callers gave up, told to the engine while it computes."""

import threading
from collections.abc import Callable

from lmrt.domain.sequences import SequenceHandle

StopFlag = Callable[[bool], None]
"""Told whether nobody waits for the computation under way any more; from any thread."""


class Releases:
    """Which live sequences were released; safe to use from any thread.

    A computation is stopped only where every sequence in it was released, so that no other
    sequence ever loses work.

    Args:
        stop: Told whenever it changes; nothing is told where the engine cannot be stopped.

    Attributes:
        pending: Released sequences that are still live; to be looked into only.
    """

    def __init__(self, stop: StopFlag | None = None) -> None:
        self.pending: set[SequenceHandle] = set()
        self._live: set[SequenceHandle] = set()
        self._stop = stop
        self._lock = threading.Lock()

    def admitted(self, handle: SequenceHandle) -> None:
        """Take note of a new live sequence."""
        with self._lock:
            self._live.add(handle)
            self._update()

    def ended(self, handle: SequenceHandle) -> None:
        """Take note that a sequence is no longer live."""
        with self._lock:
            self._live.discard(handle)
            self.pending.discard(handle)
            self._update()

    def release(self, handle: SequenceHandle) -> None:
        """Give a sequence up; one that is not live is ignored."""
        with self._lock:
            if handle in self._live:
                self.pending.add(handle)
                self._update()

    def released(self) -> tuple[SequenceHandle, ...]:
        """Return the released sequences that are still live, the oldest first."""
        with self._lock:
            return tuple(sorted(self.pending))

    def _update(self) -> None:
        if self._stop is not None:
            self._stop(bool(self._live) and self.pending == self._live)
