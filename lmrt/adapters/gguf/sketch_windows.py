"""Bytes of a GGUF that is elsewhere, fetched as they are needed."""

from collections.abc import Sequence
from pathlib import Path

from lmrt.domain.files import malformed_file
from lmrt.ports.headers import RemoteFiles, Span

AHEAD = 8192
"""Bytes that one request brings at least: most keys before the vocabulary fit."""


class NoRoom(Exception):  # noqa: N818 - no error: the reader of a header turns it into a notice
    """No more bytes may be fetched."""


class Windows:
    """What was fetched of one file so far.

    Args:
        files: The file is one of these.
        name: Its name.
        path: What it is called in errors.
    """

    def __init__(self, files: RemoteFiles, name: str, path: Path) -> None:
        self._files = files
        self.name = name
        self.path = path
        self.size = files.sizes[name]
        self._chunks: dict[int, bytearray] = {}

    def span(self, start: int, end: int) -> Span:
        """Return the part of a span that lies in the file."""
        start = min(start, self.size)
        return Span(self.name, start, min(max(start, end), self.size))

    def add(self, span: Span, data: bytes) -> None:
        """Keep bytes that were fetched together with those of other files."""
        begin, chunk = self._chunk(span.start)
        new = span.end - begin - len(chunk)
        if new > 0:
            chunk += data[-new:]

    def at(self, start: int, count: int, ahead: int = AHEAD) -> bytes:
        """Return bytes, fetched where they are not here yet.

        Args:
            start: Offset of the first.
            count: How many.
            ahead: How many from there on are fetched where some have to be.

        Raises:
            LoadFailed: The file ends before (`malformed-file`).
            NoRoom: They may not be fetched.
        """
        if start + count > self.size:
            raise malformed_file(
                self.path,
                f"is truncated: its header tells of at least {start + count:,} bytes, but it has "
                f"{self.size:,}",
                needed=start + count,
                size=self.size,
            )
        begin, chunk = self._chunk(start)
        missing = start + count - begin - len(chunk)
        if missing > 0:
            end = begin + len(chunk)
            wanted = self.span(end, max(start + count, start + ahead))
            room = self._files.room
            if missing > room:
                raise NoRoom
            fitting = self.span(end, end + min(wanted.size, room))
            chunk += self._files.read((fitting,))[0]
        return bytes(chunk[start - begin : start - begin + count])

    def probes(self, starts: Sequence[int], size: int) -> list[bytes]:
        """Return what lies at several places, at most `size` bytes each, without keeping it.

        Raises:
            NoRoom: They may not be fetched.
        """
        spans = [self.span(start, start + size) for start in starts]
        if sum(span.size for span in spans) > self._files.room:
            raise NoRoom
        return self._files.read(spans)

    def _chunk(self, start: int) -> tuple[int, bytearray]:
        around = [
            (begin, chunk)
            for begin, chunk in self._chunks.items()
            if begin <= start <= begin + len(chunk)
        ]
        if around:
            return max(around, key=lambda one: one[0] + len(one[1]))
        return start, self._chunks.setdefault(start, bytearray())
