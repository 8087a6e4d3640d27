"""What a command is doing, in one line of a terminal that is written over."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from lmrt.application.parity_runs import Told

_CLEAR = "\r\x1b[K"


@contextmanager
def progress(*, silent: bool) -> Iterator[Told | None]:
    """Lend a function that shows what it is told; None where stderr is no terminal, or silent."""
    if silent or not sys.stderr.isatty():
        yield None
        return
    try:
        yield _show
    finally:
        sys.stderr.write(_CLEAR)
        sys.stderr.flush()


def _show(what: str) -> None:
    sys.stderr.write(_CLEAR + what)
    sys.stderr.flush()
