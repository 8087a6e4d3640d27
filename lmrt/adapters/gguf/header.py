"""The header of a GGUF: magic, metadata and where each tensor lies.

Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. What is refused here is refused
by llama.cpp's own reader as well, which ends the process or reads elsewhere for some of it.
"""

import math
import struct
from pathlib import Path

from attrs import frozen

from lmrt.adapters.gguf.cursor import Cursor, Data
from lmrt.adapters.gguf.known_parts import KnownParts
from lmrt.adapters.gguf.metadata import Metadata, read_metadata
from lmrt.adapters.gguf.tensor_types import TENSOR_TYPES, TensorType
from lmrt.domain.files import DOWNLOAD_AGAIN

MAGIC = b"GGUF"
MAX_TENSORS = 2**17
MAX_NAME = 63
MAX_DIMENSIONS = 4
DEFAULT_ALIGNMENT = 32
_ENTRIES = tuple(struct.Struct(f"<{count}QIQ") for count in range(MAX_DIMENSIONS + 1))
"""What follows a tensor's name, by its number of dimensions: their sizes, its type, its place."""


@frozen
class Tensor:
    """One tensor.

    Attributes:
        name: Its name.
        elements: Number of its elements.
        type: How they are stored.
        size: Bytes, without padding.
        rows: Product of all dimensions but the first.
    """

    name: str
    elements: int
    type: TensorType
    size: int
    rows: int


class KnownHeaders:
    """What was read of headers before.

    Attributes:
        texts: Arrays of texts.
        tensors: The entries of all tensors of a file, with the bytes of their data.
    """

    def __init__(self) -> None:
        self.texts: KnownParts[None] = KnownParts()
        self.tensors: KnownParts[tuple[tuple[Tensor, ...], int]] = KnownParts()


@frozen
class Header:
    """What stands before the weights.

    Attributes:
        path: The file.
        version: Of the format, 2 or 3.
        metadata: Key-value pairs.
        tensors: In the file's order.
        file_size: Bytes of the whole file.
        needed: Bytes of it up to the last tensor's end; 0 without any tensor.
    """

    path: Path
    version: int
    metadata: Metadata
    tensors: tuple[Tensor, ...]
    file_size: int
    needed: int


def read_header(data: Data, path: Path, known: KnownHeaders | None = None) -> Header:
    """Return the header of a GGUF; time and memory are bounded whatever it claims.

    Args:
        data: The file's bytes, or a memory map of them.
        path: The file, for errors.
        known: What was read of headers before.

    Raises:
        LoadFailed: It is not a GGUF, is truncated or contradicts itself (`malformed-file`).
    """
    cursor = Cursor(data, path)
    version = read_version(cursor, data)
    tensor_count, pair_count = cursor.u64(), cursor.u64()
    if tensor_count > MAX_TENSORS:
        raise cursor.failure(f"claims {tensor_count:,} tensors")
    metadata = read_metadata(cursor, pair_count, None if known is None else known.texts)
    alignment = _alignment(metadata)
    tensors, end = _tensors(cursor, data, (tensor_count, alignment), known)
    needed = 0
    if tensors:
        needed = padded(cursor.offset, alignment) + end - padded(tensors[-1].size, alignment)
        needed += tensors[-1].size
    if needed > cursor.size:
        raise cursor.truncated(needed)
    return Header(path, version, metadata, tensors, cursor.size, needed)


def read_version(cursor: Cursor, data: Data) -> int:
    """Return the format's version that the file starts with; the cursor moves behind it.

    Raises:
        LoadFailed: It is not a GGUF, or of a version that is not read (`malformed-file`).
    """
    start = bytes(data[:16])
    if start[:4] != MAGIC:
        hint = DOWNLOAD_AGAIN
        if start.startswith(b"version https:"):
            hint = "this is a Git LFS pointer: run `git lfs pull` in its repository"
        raise cursor.failure(
            f"is not a GGUF file: starts with {start.decode('latin-1')!r}", 0, hint
        )
    cursor.skip(4)
    version = cursor.u32()
    if version in (2, 3):
        return version
    if version and version % 2**16 == 0:
        raise cursor.failure(
            "is big-endian, which is not supported", 4, "download a little-endian file"
        )
    raise cursor.failure(
        f"is GGUF version {version}, but must be 2 or 3", 4, "download a newer conversion"
    )


def _alignment(metadata: Metadata) -> int:
    alignment = metadata.count("general.alignment")
    if alignment is None:
        return DEFAULT_ALIGNMENT
    if alignment == 0 or alignment & (alignment - 1):
        raise metadata.wrong("general.alignment", f"{alignment}, no power of two,")
    return alignment


def _tensors(
    cursor: Cursor, data: Data, kind: tuple[int, int], known: KnownHeaders | None
) -> tuple[tuple[Tensor, ...], int]:
    """Return the tensors, and the bytes of their data with padding.

    Args:
        cursor: Where their entries start; it is moved behind them.
        data: The file's bytes.
        kind: Their number, and the alignment of their data.
        known: What was read of headers before.
    """
    start, (count, alignment) = cursor.offset, kind
    if known is not None and (found := known.tensors.at(data, start, kind)) is not None:
        cursor.offset, told = found
        return told
    names: set[str] = set()
    tensors, end = [], 0
    for _ in range(count):
        tensor = _read_tensor(cursor, end)
        if tensor.name in names:
            raise cursor.failure(f"has the tensor `{tensor.name}` twice")
        names.add(tensor.name)
        tensors.append(tensor)
        end = padded(end + tensor.size, alignment)
    if known is not None:
        known.tensors.add(data, start, cursor.offset, kind, (tuple(tensors), end))
    return tuple(tensors), end


def _read_tensor(cursor: Cursor, expected_offset: int) -> Tensor:
    start = cursor.offset
    name = cursor.text(MAX_NAME)
    dimensions = cursor.u32()
    if dimensions > MAX_DIMENSIONS:
        raise cursor.failure(f"gives tensor `{name}` {dimensions:,} dimensions", start)
    *shape, kind, offset = cursor.unpack(_ENTRIES[dimensions])
    elements = math.prod(shape)
    if not 0 < elements < 2**63:
        raise cursor.failure(f"gives tensor `{name}` the shape {shape}", start)
    tensor_type = TENSOR_TYPES.get(kind)
    if tensor_type is None:
        raise cursor.failure(f"gives tensor `{name}` the unknown type {kind}", start)
    row = shape[0] if shape else 1
    if row % tensor_type.block:
        raise cursor.failure(
            f"gives tensor `{name}` rows of {row:,} elements, but {tensor_type.name} stores "
            f"them by {tensor_type.block}",
            start,
        )
    if offset != expected_offset:
        raise cursor.failure(
            f"puts tensor `{name}` at {offset:,} of its data, but the one before it ends at "
            f"{expected_offset:,}",
            start,
        )
    size = elements // tensor_type.block * tensor_type.size
    return Tensor(name, elements, tensor_type, size, elements // row)


def padded(size: int, alignment: int) -> int:
    """Return the size up to the next multiple of the alignment."""
    return -(-size // alignment) * alignment
