"""What a child process prints: read so that it never waits, and forgotten but for the end."""

import os
from threading import Thread
from typing import IO

_KEPT = 8192
_WAIT = 1.0


class Tail:
    """Keeps the last few kilobytes of a pipe.

    Args:
        pipe: The child's output; closed once it ends.
    """

    def __init__(self, pipe: IO[bytes] | None) -> None:
        self._kept = b""
        self._reader = Thread(target=self._read, args=(pipe,), daemon=True)
        self._reader.start()

    def last_line(self) -> str:
        """Return the last line with something in it; the process must have ended."""
        # A grandchild may keep the pipe open for ever.
        self._reader.join(_WAIT)
        lines = self._kept.decode("utf-8", "replace").strip().splitlines()
        return lines[-1].strip() if lines else "it said nothing"

    def _read(self, pipe: IO[bytes] | None) -> None:
        if pipe is None:
            return
        with pipe:
            while piece := os.read(pipe.fileno(), _KEPT):
                self._kept = (self._kept + piece)[-_KEPT:]
