"""The bytes of one file, appended in their order and hashed as they come."""

from collections.abc import Callable
from io import FileIO
from typing import Any

from attrs import frozen

from lmrt.adapters.huggingface.crew import Gate


@frozen
class Watch:
    """Who follows a download.

    Attributes:
        gate: Is passed for every change of a file.
        came: Takes the bytes of the file that are here.
        retried: Takes what went wrong, and the seconds before the next attempt, which it waits;
            called on any thread.
    """

    gate: Gate
    came: Callable[[int], None]
    retried: Callable[[str, float], None]


class Arrival:
    """A file that grows; one thread appends to it.

    Args:
        out: The file, open without a buffer, at its end.
        start: Its bytes so far.
        digest: Their hash.
        watch: Is told how it goes.

    Attributes:
        done: Bytes that are in the file.
        watch: Who follows.
    """

    def __init__(self, out: FileIO, start: int, digest: Any, watch: Watch) -> None:
        self.done = start
        self.watch = watch
        self._out = out
        self._digest = digest

    def take(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            GateShutError: Nobody may change a file any more.
            OSError: The disk does not take them.
        """
        with self.watch.gate.passed():
            left = memoryview(data)
            while left:  # the system may take a part at a time, as where the disk fills up
                left = left[self._out.write(left) :]
        self._digest.update(data)
        self.done += len(data)

    def told(self, come: int) -> None:
        """Tell how many bytes have come, those among them that wait for earlier ones."""
        self.watch.came(come)
