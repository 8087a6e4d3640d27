"""Copies the header of a GGUF that is elsewhere, without its long arrays and texts.

The copy is a GGUF of its own: what is not copied keeps its key and its number of elements, but
is zeros, which take no room as holes of a file. Everything that `GgufReader` looks at is copied.
"""

import re
import struct
from pathlib import Path
from typing import Protocol

from attrs import define, field, frozen

from lmrt.adapters.gguf.cursor import Cursor
from lmrt.adapters.gguf.describe import OTHER_KINDS, PROJECTOR
from lmrt.adapters.gguf.header import (
    DEFAULT_ALIGNMENT,
    MAX_DIMENSIONS,
    MAX_NAME,
    MAX_TENSORS,
    padded,
    read_version,
)
from lmrt.adapters.gguf.metadata import (
    ARRAY,
    MAX_COUNT,
    MAX_DECODED_NUMBERS,
    MAX_KEY,
    MAX_PAIRS,
    MAX_TEXTS,
    SIZES,
    TEXT,
)
from lmrt.adapters.gguf.sketch_windows import AHEAD, Windows
from lmrt.adapters.gguf.tensor_types import TENSOR_TYPES
from lmrt.domain.errors import LoadFailed
from lmrt.domain.files import malformed_file

FEW_TEXTS = 1024
"""Texts of the longest array that is copied: tags, languages, small vocabularies."""
_SHORT = 4096
"""Bytes of a text, or of a tokenizer's numbers, that are copied whatever they are."""
READ_TEXTS = frozenset(
    {
        "general.architecture",
        "general.license",
        "general.name",
        "general.type",
        "tokenizer.chat_template",
    }
)
"""Texts that the reader reads; others are copied only where they are short."""
_TENSOR_AHEAD = 64
"""Bytes that one tensor's entry takes about."""
_BYTES = 0
_NAME = re.compile(rb"[!-~]+")


class TextsEnd(Protocol):
    """Finds where a long array of texts ends."""

    def __call__(self, walk: "Walk", key: str, start: int, count: int) -> int:
        """Return the offset behind the array that starts at `start`."""
        ...


@frozen
class Jump:
    """A long array that was not copied; offsets and bytes of the real file."""

    key: str
    count: int
    start: int
    end: int


@define
class Walk:
    """The way through a header.

    Attributes:
        windows: The file.
        ends: Finds the end of a long array.
        version: Of the format.
        at: The next byte's offset.
        pairs: Metadata pairs that are still to come.
        tensors: Tensor entries that are still to come.
        copied: The copy so far; a number is so many zeros.
        pairs_copied: Pairs in the copy.
        tensors_copied: Tensor entries in the copy.
        jumps: The arrays of texts that were passed over.
        skips: All that was passed over, from an offset to another.
        alignment: Of the tensors' data.
        other_kind: Whether the file is no language model; nothing more is read of it then.
    """

    windows: Windows
    ends: TextsEnd
    version: int = 3
    at: int = 0
    pairs: int = 0
    tensors: int = 0
    copied: list[bytes | int] = field(factory=list)
    pairs_copied: int = 0
    tensors_copied: int = 0
    jumps: list[Jump] = field(factory=list)
    skips: list[tuple[int, int]] = field(factory=list)
    alignment: int = DEFAULT_ALIGNMENT
    other_kind: bool = False
    _texts: int = MAX_TEXTS

    def run(self) -> None:
        """Go through the whole header.

        Raises:
            LoadFailed: It is malformed (`malformed-file`).
            NoRoom: It takes more bytes than may be fetched.
        """
        start = self._take(min(24, self.windows.size))
        self.version = read_version(Cursor(start, self.windows.path), start)
        self.at = 8
        self.tensors, self.pairs = struct.unpack("<QQ", self._take(16))
        if self.tensors > MAX_TENSORS or self.pairs > MAX_PAIRS:
            raise self._failure(f"claims {self.tensors:,} tensors, {self.pairs:,} metadata pairs")
        while self.pairs and not self.other_kind:
            self.pairs -= 1
            self._pair()
            self.pairs_copied += 1
        while self.tensors and not self.other_kind:
            self.tensors -= 1
            self._tensor()
            self.tensors_copied += 1

    def follows(self, offset: int) -> bool:
        """Return whether the next pair, or the first tensor's entry, may begin at an offset."""
        try:
            length = self._number(offset, 8)
            longest = MAX_KEY if self.pairs else MAX_NAME
            if not 0 < length <= min(longest, _SHORT):
                return False
            name = self.windows.at(offset + 8, length + 4)
        except LoadFailed:
            return False
        kind = int.from_bytes(name[length:], "little")
        if not _NAME.fullmatch(name[:length]):
            return False
        if self.pairs:
            return b"." in name[:length] and (kind in SIZES or kind in (TEXT, ARRAY))
        return 0 < kind <= MAX_DIMENSIONS

    def _pair(self) -> None:
        start = self.at
        length = self._number(self.at, 8)
        if length > MAX_KEY:
            raise self._failure(f"holds a name of {length:,} bytes, the longest is {MAX_KEY:,}")
        key = self.windows.at(start + 8, length).decode("utf-8", "replace")
        kind = self._number(start + 8 + length, 4)
        self.at += 8 + length + 4
        self.copied.append(self.windows.at(start, self.at - start))
        if kind == TEXT:
            self._text(key)
        elif kind == ARRAY:
            self._array(key)
        elif kind in SIZES:
            value = self._take(SIZES[kind])
            self.copied.append(value)
            if key == "general.alignment":
                # The reader refuses what is no count.
                told = int.from_bytes(value, "little")
                self.alignment = told if 0 < told <= MAX_COUNT else DEFAULT_ALIGNMENT
        else:
            raise self._failure(f"has the unknown value type {kind} for `{key}`")

    def _text(self, key: str) -> None:
        length = self._number(self.at, 8)
        self.copied.append(self._take(8))
        if length > _SHORT and key not in READ_TEXTS:
            self._skip(length, length)
            return
        value = self._take(length)
        self.copied.append(value)
        projector = key == "general.architecture" and value == PROJECTOR.encode()
        kind = value.decode("utf-8", "replace") if key == "general.type" else ""
        self.other_kind = self.other_kind or projector or kind in OTHER_KINDS

    def _array(self, key: str) -> None:
        start = self._take(12)
        kind, count = struct.unpack("<IQ", start)
        if kind == TEXT:
            self._texts -= count
            if self._texts < 0:
                raise self._failure(f"claims {count:,} texts for `{key}`")
            self._array_of_texts(key, start, count)
            return
        if kind not in SIZES:
            raise self._failure(f"has arrays of the value type {kind} for `{key}`")
        self.copied.append(start)
        size = count * SIZES[kind]
        unread = key.startswith("tokenizer.") and size > _SHORT
        if unread or count > MAX_DECODED_NUMBERS:
            self._skip(size, size)
        else:
            self.copied.append(self._take(size))

    def _array_of_texts(self, key: str, head: bytes, count: int) -> None:
        start = self.at
        if count <= FEW_TEXTS:
            end = self.walked(start, count, AHEAD)
            self.copied += [head, self.windows.at(start, end - start)]
            self.at = end
            return
        end = self.ends(self, key, start, count)
        self.jumps.append(Jump(key, count, start, end))
        self.copied.append(struct.pack("<IQ", _BYTES, count))
        self._skip(end - start, count)

    def walked(self, start: int, count: int, ahead: int) -> int:
        """Return where so many texts end, by reading them all.

        Raises:
            LoadFailed: The file ends before they do (`malformed-file`).
            NoRoom: They take more bytes than may be fetched.
        """
        at = start
        for _ in range(count):
            at += 8 + int.from_bytes(self.windows.at(at, 8, ahead), "little")
        return at

    def _tensor(self) -> None:
        ahead = (self.tensors + 1) * _TENSOR_AHEAD
        start = self.at
        length = self._number(start, 8, ahead)
        if length > MAX_NAME:
            raise self._failure(f"holds a name of {length:,} bytes, the longest is {MAX_NAME:,}")
        dimensions = self._number(start + 8 + length, 4, ahead)
        if dimensions > MAX_DIMENSIONS:
            raise self._failure(f"gives a tensor {dimensions:,} dimensions")
        entry = self._take(8 + length + 4 + 8 * dimensions + 4 + 8, ahead)
        if int.from_bytes(entry[-12:-8], "little") not in TENSOR_TYPES:
            raise self._failure("gives a tensor an unknown type")
        self.copied.append(entry)

    def _skip(self, size: int, zeros: int) -> None:
        if self.at + size > self.windows.size:
            self.windows.at(self.at, size)
        self.skips.append((self.at, self.at + size))
        self.at += size
        self.copied.append(zeros)

    def _take(self, count: int, ahead: int = AHEAD) -> bytes:
        data = self.windows.at(self.at, count, ahead)
        self.at += count
        return data

    def _number(self, offset: int, count: int, ahead: int = AHEAD) -> int:
        return int.from_bytes(self.windows.at(offset, count, ahead), "little")

    def _failure(self, what: str) -> LoadFailed:
        return malformed_file(self.windows.path, what, offset=self.at)


def write_copy(walk: Walk, path: Path) -> None:
    """Write the copied header, and a hole as long as the real file's tensors."""
    size = 24 + sum(part if isinstance(part, int) else len(part) for part in walk.copied)
    data = max(walk.windows.size - padded(walk.at, walk.alignment), 0)
    with path.open("xb") as file:
        file.write(b"GGUF")
        file.write(struct.pack("<IQQ", walk.version, walk.tensors_copied, walk.pairs_copied))
        for part in walk.copied:
            if isinstance(part, int):
                file.seek(part, 1)
            else:
                file.write(part)
        file.truncate(padded(size, walk.alignment) + data if walk.tensors_copied else size)
