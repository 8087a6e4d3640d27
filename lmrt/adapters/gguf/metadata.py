"""The key-value pairs of a GGUF: walked once, decoded on demand."""

import math
from collections.abc import Iterator, Mapping

from attrs import frozen

from lmrt.adapters.gguf.cursor import Cursor
from lmrt.adapters.gguf.known_parts import KnownParts
from lmrt.domain.errors import LoadFailed
from lmrt.domain.files import DOWNLOAD_AGAIN, malformed_file

MAX_PAIRS = 2**16
MAX_KEY = 2**16 - 1
MAX_TEXTS = 2**22
"""Texts in all arrays of a file; the largest vocabularies have some 500,000 with their merges."""
MAX_DECODED_NUMBERS = 2**16
"""Numbers of the longest array that is decoded; those of interest have one for each layer."""
MAX_COUNT = 2**31 - 1

_LAYOUTS = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes of a number, by value type."""
TEXT = 8
ARRAY = 9
"""Value types."""


@frozen
class Text:
    """A text that is still to be decoded."""

    offset: int
    length: int


@frozen
class Array:
    """An array that is still to be decoded: `count` elements of the value type `kind`."""

    kind: int
    count: int
    offset: int


Number = int | float | bool
Value = Number | Text | Array


class Metadata(Mapping[str, Value]):
    """The pairs of one file; each getter returns None where the key is absent.

    Every getter raises `LoadFailed` (`malformed-file`) where the value is not of its kind.
    Usable as long as the bytes under the cursor are.
    """

    def __init__(self, values: Mapping[str, Value], cursor: Cursor) -> None:
        self._values = values
        self._cursor = cursor

    def __getitem__(self, key: str) -> Value:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def wrong(self, key: str, what: str) -> LoadFailed:
        """Return the error that the value of `key` is not what it must be."""
        return malformed_file(
            self._cursor.path, f"holds {what} as `{key}`", hint=DOWNLOAD_AGAIN, key=key
        )

    def text(self, key: str) -> str | None:
        """Return a text."""
        match self.get(key):
            case None:
                return None
            case Text(offset, length):
                return self._cursor.decode(offset, length)
            case _:
                raise self.wrong(key, "no text")

    def number(self, key: str) -> float | None:
        """Return a finite number."""
        value = self.get(key)
        if value is None:
            return None
        if isinstance(value, (bool, Text, Array)) or not math.isfinite(value):
            raise self.wrong(key, "no finite number")
        return value

    def integer(self, key: str) -> int | None:
        """Return a whole number, which may be negative."""
        value = self.number(key)
        if value is not None and not isinstance(value, int):
            raise self.wrong(key, "no whole number")
        return value

    def count(self, key: str) -> int | None:
        """Return a whole number from 0 up that fits into 31 bits."""
        value = self.get(key)
        return None if value is None else self._as_count(key, value)

    def counts(self, key: str) -> int | tuple[int, ...] | None:
        """Return a count, or several where the value is an array; true counts as 1."""
        value = self.get(key)
        if not isinstance(value, Array):
            return None if value is None else self._as_count(key, value)
        if value.kind not in _LAYOUTS or value.count > MAX_DECODED_NUMBERS:
            raise self.wrong(key, f"an array of {value.count:,} values")
        numbers = self._cursor.numbers(_LAYOUTS[value.kind], value.count, value.offset)
        return tuple(self._as_count(key, number) for number in numbers)

    def length(self, key: str) -> int | None:
        """Return the number of elements of an array."""
        match self.get(key):
            case None:
                return None
            case Array(_, count, _):
                return count
            case _:
                raise self.wrong(key, "no array")

    def texts(self, key: str) -> list[bytes] | None:
        """Return the texts of an array as bytes; they need not be UTF-8."""
        match self.get(key):
            case None:
                return None
            case Array(kind, count, offset) if kind == TEXT:
                return self._cursor.texts(count, offset)
            case _:
                raise self.wrong(key, "no array of texts")

    def _as_count(self, key: str, value: Value) -> int:
        if not isinstance(value, int) or not 0 <= value <= MAX_COUNT:
            shown = "no count" if isinstance(value, (Text, Array)) else f"{value}, no count,"
            raise self.wrong(key, shown)
        return int(value)


def read_metadata(cursor: Cursor, pairs: int, known: KnownParts[None] | None = None) -> Metadata:
    """Return the pairs that start at the cursor, which is moved behind them.

    Args:
        cursor: Where they start.
        pairs: How many there are.
        known: Vocabularies that were walked before.

    Raises:
        LoadFailed: They are malformed (`malformed-file`).
    """
    if pairs > MAX_PAIRS:
        raise cursor.failure(f"claims {pairs:,} metadata pairs")
    values: dict[str, Value] = {}
    texts = MAX_TEXTS
    for _ in range(pairs):
        start = cursor.offset
        key = cursor.text(MAX_KEY)
        if not key or key in values:
            raise cursor.failure(
                f"has the metadata key `{key}` twice" if key else "has an empty key", start
            )
        value = _read_value(cursor, key, texts, known)
        if isinstance(value, Array) and value.kind == TEXT:
            texts -= value.count
        values[key] = value
    return Metadata(values, cursor)


def _read_value(cursor: Cursor, key: str, texts: int, known: KnownParts[None] | None) -> Value:
    kind = cursor.u32()
    if kind == TEXT:
        length = cursor.u64()
        return Text(cursor.skip(length), length)
    if kind == ARRAY:
        return _read_array(cursor, key, texts, known)
    if kind not in _LAYOUTS:
        raise cursor.failure(f"has the unknown value type {kind} for `{key}`", cursor.offset - 4)
    return cursor.numbers(_LAYOUTS[kind], 1, cursor.skip(SIZES[kind]))[0]


def _read_array(cursor: Cursor, key: str, texts: int, known: KnownParts[None] | None) -> Array:
    kind = cursor.u32()
    count = cursor.u64()
    start = cursor.offset
    if kind == TEXT:
        if count > texts:
            raise cursor.failure(
                f"claims {count:,} texts for `{key}`, more than {texts:,}", start - 8
            )
        cursor.skip_texts(count, known)
    elif kind in SIZES:
        cursor.skip(count * SIZES[kind])
    else:
        what = "arrays of arrays" if kind == ARRAY else f"the unknown value type {kind}"
        raise cursor.failure(f"has {what} for `{key}`", start - 12)
    return Array(kind, count, start)
