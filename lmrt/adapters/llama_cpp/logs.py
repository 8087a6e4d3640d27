"""The engine's log: captured, never printed.

The engine has one log callback for the whole process. Messages arrive on the thread that called
the engine, so each thread keeps its own.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from attrs import frozen

_DEBUG, _INFO, _WARNING, _ERROR, _CONTINUED = 1, 2, 3, 4, 5
_KEPT_ERRORS = 16


@frozen
class LogLine:
    """One message, with the engine's level of importance."""

    level: int
    text: str


class _ThreadLog(threading.local):
    def __init__(self) -> None:
        self.lines: list[LogLine] | None = None
        self.errors: deque[str] = deque(maxlen=_KEPT_ERRORS)


_here = _ThreadLog()
_callbacks: list[Any] = []
_echoes: list[TextIO] = []


def install(api: Any) -> None:
    """Send the engine's log here from now on."""
    callback = api.llama_log_callback(_receive)
    _callbacks.append(callback)  # the engine holds a bare pointer to it
    api.llama_log_set(callback, None)


def echo(stream: TextIO) -> None:
    """Write the log to a stream too, so that it is known how far the engine came if it crashes."""
    _echoes.append(stream)


def _receive(level: int, text: bytes, _user_data: object) -> None:
    if level in (_DEBUG, _CONTINUED):
        return
    line = LogLine(level, text.decode("utf-8", "replace").strip())
    for stream in _echoes:
        stream.write(f"{line.text}\n")
        stream.flush()
    if _here.lines is not None:
        _here.lines.append(line)
    if level == _ERROR:
        _here.errors.append(_without_function(line.text))


@contextmanager
def capture() -> Iterator[list[LogLine]]:
    """Collect what the engine says on this thread inside the block, debug messages left out."""
    outer, _here.lines = _here.lines, []
    try:
        yield _here.lines
    finally:
        _here.lines = outer


def take_errors() -> tuple[str, ...]:
    """Return this thread's latest error messages and forget them."""
    errors = tuple(_here.errors)
    _here.errors.clear()
    return errors


def warnings_in(lines: list[LogLine]) -> tuple[str, ...]:
    """Return the different warnings among the lines, in order."""
    texts = (_without_function(line.text) for line in lines if line.level == _WARNING)
    return tuple(dict.fromkeys(text for text in texts if text))


def _without_function(text: str) -> str:
    """Cut the C function's name that starts every message of the engine."""
    function, colon, rest = text.partition(": ")
    return rest if colon and function.isidentifier() else text
