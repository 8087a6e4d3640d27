"""Work that may take only so many steps and so much memory, whatever it is given."""

import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")


class UnboundedError(AssertionError):
    """The work took more than it may."""


def bounded(work: Callable[[], T], *, calls: int, memory: int) -> T:
    """Return what the work returns, or raise what it raises.

    Args:
        work: Runs in this thread.
        calls: Calls and returns of functions, those of built-in ones too, that it may take.
        memory: Bytes that it may allocate at once.

    Raises:
        UnboundedError: It takes more.
    """
    taken = 0

    def tick(_frame: FrameType, _event: str, _argument: Any) -> None:
        nonlocal taken
        taken += 1
        if taken > calls:
            raise UnboundedError(f"more than {calls:,} calls")

    tracemalloc.start()
    sys.setprofile(tick)
    try:
        return work()
    finally:
        sys.setprofile(None)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        if peak > memory:
            raise UnboundedError(f"{peak:,} bytes at once")
