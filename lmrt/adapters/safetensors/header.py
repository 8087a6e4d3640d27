"""The header of a safetensors file: which tensors lie where.

Layout: 8 bytes with the header's length, the header as JSON, the tensors' bytes without gaps
(https://github.com/huggingface/safetensors#format).
"""

import math
import os
import struct
from pathlib import Path
from typing import Any

from attrs import frozen

from lmrt.adapters.safetensors.documents import open_file, parse_object
from lmrt.domain.errors import LoadFailed
from lmrt.domain.files import malformed_file, unreadable

MAX_HEADER = 2**25
"""Bytes; the largest real headers have some megabytes."""

_KNOWN = 8
_LONGEST_KNOWN = 2**20
"""How many headers are remembered, and bytes of the longest of them."""

DTYPE_BITS = {
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32,
    "I64": 64, "U64": 64, "F64": 64, "C64": 64,
}  # fmt: skip


@frozen
class Tensor:
    """One tensor.

    Attributes:
        name: Its name.
        dtype: A key of `DTYPE_BITS`.
        elements: Number of its elements.
        size: Bytes.
    """

    name: str
    dtype: str
    elements: int
    size: int


@frozen
class WeightFile:
    """One file of weights.

    Attributes:
        name: Relative to the model's folder, with `/` between folders.
        size: Bytes of the whole file.
        tensors: In the order of their bytes.
    """

    name: str
    size: int
    tensors: tuple[Tensor, ...]


class KnownHeaders:
    """The headers that were read last: models that were trained from one share them.

    A header's bytes and those behind it decide what it tells. Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, int], tuple[Tensor, ...]] = {}

    def get(self, header: bytes, data_size: int) -> tuple[Tensor, ...] | None:
        """Return the tensors of a header, or None where it was not read lately."""
        return self._known.get((header, data_size))

    def add(self, header: bytes, data_size: int, tensors: tuple[Tensor, ...]) -> None:
        """Remember a header that is sound."""
        if len(header) <= _LONGEST_KNOWN:
            latest = list(self._known.items())[1 - _KNOWN :]
            self._known = {**dict(latest), (header, data_size): tensors}


def read_weight_file(folder: Path, name: str, known: KnownHeaders | None = None) -> WeightFile:
    """Read the header of a file.

    Args:
        folder: The model's folder.
        name: The file's name in it.
        known: Headers that were read before.

    Raises:
        LoadFailed: It is truncated, or claims what the file does not hold (`malformed-file`).
        ConfigurationError: It may not be read (`unreadable-input`).
    """
    path = folder / name
    try:
        with open_file(path) as file:
            size = os.fstat(file.fileno()).st_size
            start = file.read(8)
            length = _header_length(path, start, size)
            data = file.read(length)
    except OSError as error:
        raise unreadable(path, error) from error
    data_size = size - 8 - length
    tensors = None if known is None else known.get(data, data_size)
    if tensors is None:
        entries = parse_object(data, path, " in its header")
        _check_metadata(path, entries.pop("__metadata__", {}))
        tensors = _tensors(path, entries, data_size)
        if known is not None:
            known.add(data, data_size, tensors)
    return WeightFile(name, size, tensors)


def _header_length(path: Path, start: bytes, size: int) -> int:
    if len(start) < 8:
        raise malformed_file(path, f"is no safetensors file: it has {size} bytes")
    length: int = struct.unpack("<Q", start)[0]
    if start.startswith(b"version "):
        hint = "this is a Git LFS pointer: run `git lfs pull` in its repository"
        raise malformed_file(path, "is no safetensors file", hint=hint)
    if length > size - 8:
        raise _truncated(path, length + 8, size)
    if length > MAX_HEADER:
        raise malformed_file(path, f"claims a header of {length:,} bytes")
    return length


def _truncated(path: Path, needed: int, size: int) -> LoadFailed:
    what = f"is truncated: its header tells of at least {needed:,} bytes, but it has {size:,}"
    return malformed_file(path, what, needed=needed, size=size)


def _check_metadata(path: Path, metadata: Any) -> None:
    if not isinstance(metadata, dict | None):
        raise malformed_file(path, "has metadata in its header that is no object")


def _tensors(path: Path, entries: dict[str, Any], data_size: int) -> tuple[Tensor, ...]:
    placed = sorted((_entry(path, name, entry) for name, entry in entries.items()), key=_place)
    at = 0
    for begin, end, tensor in placed:
        if begin != at:
            relation = "overlaps the one before it" if begin < at else "leaves a gap before it"
            raise malformed_file(
                path, f"puts tensor `{tensor.name}` at {begin:,} of its data, which {relation}"
            )
        at = end
    if at > data_size:
        size = path.stat().st_size
        raise _truncated(path, size - data_size + at, size)
    if at < data_size:
        raise malformed_file(path, f"has {data_size - at:,} bytes that no tensor of it claims")
    return tuple(tensor for _, _, tensor in placed)


def _place(placed: tuple[int, int, Tensor]) -> tuple[int, int]:
    return placed[:2]


def _entry(path: Path, name: str, entry: Any) -> tuple[int, int, Tensor]:
    # Headers have up to a hundred thousand entries: plain checks take half the time of a pattern
    found: dict[str, Any] = entry if type(entry) is dict else {}
    dtype, shape = found.get("dtype"), found.get("shape")
    place: Any = found.get("data_offsets")
    if type(dtype) is not str or type(shape) is not list or not _is_span(place):
        raise malformed_file(path, f"does not tell dtype, shape and place of tensor `{name}`")
    begin, end = place
    if dtype not in DTYPE_BITS:
        raise malformed_file(path, f"gives tensor `{name}` the unknown dtype `{dtype}`")
    for side in shape:
        if type(side) is not int or not 0 <= side < 2**63:
            raise malformed_file(path, f"gives tensor `{name}` a shape that is no list of counts")
    elements = math.prod(shape)
    bits = elements * DTYPE_BITS[dtype]
    if not 0 <= begin <= end or 8 * (end - begin) != bits:
        raise malformed_file(
            path,
            f"gives tensor `{name}` the bytes {begin:,} to {end:,}, but its shape needs "
            f"{-(-bits // 8):,} of them",
        )
    return begin, end, Tensor(name, dtype, elements, end - begin)


def _is_span(place: Any) -> bool:
    return (
        type(place) is list and len(place) == 2 and type(place[0]) is int and type(place[1]) is int
    )
