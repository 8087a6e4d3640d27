"""Reading values off a GGUF's bytes, never beyond their end."""

import struct
from mmap import mmap
from pathlib import Path
from typing import TYPE_CHECKING

from lmrt.domain.errors import LoadFailed
from lmrt.domain.files import DOWNLOAD_AGAIN, malformed_file

if TYPE_CHECKING:
    from lmrt.adapters.gguf.known_parts import KnownParts

Data = bytes | mmap

MAX_DECODED_TEXT = 2**22
"""Bytes of the longest text that is decoded; real chat templates take some 10,000."""

MAX_TEXT_BYTES = 2**27
"""Bytes of the texts of an array that are read; the largest vocabularies have some million."""

_U32 = struct.Struct("<I")
_U64 = struct.Struct("<Q")


class Cursor:
    """A place in the file that moves on with every read.

    Args:
        data: The file's bytes.
        path: The file, for errors.
    """

    def __init__(self, data: Data, path: Path) -> None:
        self._data = data
        self.path = path
        self.size = len(data)
        self.offset = 0

    def failure(
        self, what: str, offset: int | None = None, hint: str = DOWNLOAD_AGAIN, **context: int
    ) -> LoadFailed:
        """Return the error that the file is malformed at `offset`, by default at this place."""
        at = self.offset if offset is None else offset
        return malformed_file(self.path, what, hint=hint, offset=at, **context)

    def truncated(self, needed: int) -> LoadFailed:
        """Return the error that the file ends before it must."""
        return self.failure(
            f"is truncated: its header tells of at least {needed:,} bytes, but it has "
            f"{self.size:,}",
            self.size,
            needed=needed,
            size=self.size,
        )

    def skip(self, count: int) -> int:
        """Move on by `count` bytes; return the offset that they start at."""
        start = self.offset
        if count > self.size - start:
            raise self.truncated(start + count)
        self.offset = start + count
        return start

    def u32(self) -> int:
        """Read an unsigned number of 32 bits."""
        value: int = _U32.unpack_from(self._data, self.skip(4))[0]
        return value

    def u64(self) -> int:
        """Read an unsigned number of 64 bits."""
        value: int = _U64.unpack_from(self._data, self.skip(8))[0]
        return value

    def unpack(self, layout: struct.Struct) -> tuple[int, ...]:
        """Read whole numbers by a layout."""
        return layout.unpack_from(self._data, self.skip(layout.size))

    def numbers(self, layout: str, count: int, offset: int) -> tuple[int | float | bool, ...]:
        """Return `count` numbers of a `struct` letter that lie at `offset`, checked before."""
        return struct.unpack_from(f"<{count}{layout}", self._data, offset)

    def text(self, limit: int) -> str:
        """Read a text of at most `limit` bytes."""
        length = self.u64()
        if length > limit:
            raise self.failure(f"holds a name of {length:,} bytes, the longest is {limit:,}")
        return self.decode(self.skip(length), length)

    def decode(self, offset: int, length: int) -> str:
        """Return the text at a place that was checked before."""
        if length > MAX_DECODED_TEXT:
            raise self.failure(f"holds a text of {length:,} bytes at offset {offset:,}", offset)
        try:
            return bytes(self._data[offset : offset + length]).decode("utf-8")
        except UnicodeDecodeError as error:
            raise self.failure(
                f"holds a text at offset {offset:,} that is not UTF-8", offset
            ) from error

    def texts(self, count: int, offset: int) -> list[bytes]:
        """Return the bytes of `count` texts that lie at `offset`, checked before."""
        unpack, data, at = _U64.unpack_from, self._data, offset
        found = []
        for _ in range(count):
            end = at + 8 + unpack(data, at)[0]
            if end > offset + MAX_TEXT_BYTES:
                raise self.failure(
                    f"holds more than {MAX_TEXT_BYTES:,} bytes of texts at offset {offset:,}", at
                )
            found.append(data[at + 8 : end])
            at = end
        return found

    def skip_texts(self, count: int, known: "KnownParts[None] | None" = None) -> None:
        """Move on over `count` texts without decoding them, or by what is known of such an array.

        This loop runs once for each token of a vocabulary, so it checks as little as it can: a
        length beyond the end makes the next read fail, or else the check after the loop.
        """
        start = self.offset
        if known is not None and (found := known.at(self._data, start, count)) is not None:
            self.offset = found[0]
            return
        unpack, data, at = _U64.unpack_from, self._data, start
        try:
            for _ in range(count):
                at += 8 + unpack(data, at)[0]
        except (struct.error, OverflowError):
            self.skip(at - self.offset + 8)
        self.skip(at - self.offset)
        if known is not None:
            known.add(self._data, start, at, count, None)
