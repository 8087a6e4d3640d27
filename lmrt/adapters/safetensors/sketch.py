"""`SafetensorsSketcher`: the headers of safetensors that are elsewhere, and what lies beside them.

Documents that the reader reads are fetched whole. A shard's header stands at its beginning. Of a
model of so many tensors that the headers of all its shards take too much (DeepSeek V3 has 91,000
in 163 shards, some 15 MB) only some are read; `sketch_estimate` says what stands in for the others.
"""

import json
import re
import struct
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from lmrt.adapters.safetensors.documents import Settings, read_document
from lmrt.adapters.safetensors.header import MAX_HEADER, read_weight_file
from lmrt.adapters.safetensors.shape import architecture_shape, language_config
from lmrt.adapters.safetensors.sketch_documents import LeftOut, write_documents
from lmrt.adapters.safetensors.sketch_estimate import packed, stand_ins
from lmrt.adapters.safetensors.weights import INDEX, SINGLE, pickle_files
from lmrt.domain.model_files import COMPANIONS
from lmrt.domain.notices import HeadersIncomplete
from lmrt.ports.headers import RemoteFiles, Span

_FIRST = 2**15
"""Bytes of each shard that are read first: most headers fit."""
_SMALL_INDEX = 2**20
"""Bytes of the largest index that is read; a larger one is made anew from the shards' headers."""
_LOOSE = re.compile(r"model.*\.safetensors", re.DOTALL)
_SHARD = re.compile(r"(?P<stem>model.*?)-(?P<number>\d+)-of-(?P<count>\d+)\.safetensors")
_ESTIMATED = (
    "headers not read before the download; how the bytes spread over the layers is "
    "estimated, their sum is exact"
)


@frozen
class _Head:
    """The beginning of a file.

    Attributes:
        name: The file.
        size: Its bytes.
        data: What was read of it.
    """

    name: str
    size: int
    data: bytes

    @property
    def length(self) -> int:
        """Bytes of the header with its length; at most what a reader would look at."""
        if len(self.data) < 8:
            return len(self.data)
        length: int = struct.unpack("<Q", self.data[:8])[0]
        # What claims more than the file holds is refused by the reader, whatever follows.
        return 8 + length if length <= min(MAX_HEADER, self.size - 8) else len(self.data)

    @property
    def rest(self) -> Span:
        """What of the header is still to be read."""
        start = min(len(self.data), self.length)
        return Span(self.name, start, self.length)


class SafetensorsSketcher:
    """Sketches directories of safetensors or of pickle weights; a `HeaderSketcher`."""

    def sketch(self, files: RemoteFiles, folder: Path) -> tuple[HeadersIncomplete, ...]:
        """Write the sketches; see `HeaderSketcher.sketch`."""
        names = tuple(sorted(name for name in files.sizes if "/" not in name and name[0] != "."))
        stored = [name for name in names if _LOOSE.fullmatch(name)]
        pickles = () if stored or INDEX in names else pickle_files(names)
        if not (stored or INDEX in names or pickles):
            return ()
        notices: list[HeadersIncomplete] = []
        try:
            write_documents(files, folder, names, pickled=bool(pickles))
            if not pickles:
                notices = _Shards(files, folder).write(names, stored)
        except LeftOut as left_out:
            return (left_out.notice,)
        for name in names:
            if name in COMPANIONS or name in pickles or name.endswith(".py"):
                _hole(folder / name, files.sizes[name])
        return tuple(notices)


class _Shards:
    """The sketches of one directory's weights in the making."""

    def __init__(self, files: RemoteFiles, folder: Path) -> None:
        self._files = files
        self._folder = folder

    def write(self, names: Sequence[str], stored: Sequence[str]) -> list[HeadersIncomplete]:
        """Write the sketches of the weights; return what is missing or estimated."""
        indexed = INDEX in names and SINGLE not in names
        shards = self._indexed(names) if indexed else [SINGLE] if SINGLE in names else [*stored]
        if not shards:
            if _lies(self._folder, INDEX):
                return []
            raise LeftOut([INDEX])
        first = max(min(_FIRST, self._files.room // (4 * len(shards))), 8)
        sizes = self._files.sizes
        spans = [Span(name, 0, min(first, sizes[name])) for name in shards]
        if sum(span.size for span in spans) > self._files.room:
            raise LeftOut(shards)
        heads = [
            _Head(span.name, sizes[span.name], data)
            for span, data in zip(spans, self._files.read(spans), strict=True)
        ]
        read = self._within_room(heads)
        rest = self._files.read([head.rest for head in read])
        for head, data in zip(read, rest, strict=True):
            _sparse(self._folder / head.name, (head.data + data)[: head.length], head.size)
        unread = [head for head in heads if head not in read]
        notices = self._estimate(read, unread) if unread else []
        if indexed and not _lies(self._folder, INDEX) and not notices:
            self._write_index(shards)
        return notices

    def _indexed(self, names: Sequence[str]) -> list[str]:
        """Return the shards of a directory with an index, which is read where it is small."""
        size = self._files.sizes[INDEX]
        if size <= min(_SMALL_INDEX, self._files.room // 2):
            data = self._files.read([Span(INDEX, 0, size)])[0]
            (self._folder / INDEX).write_bytes(data)
            places = (read_document(self._folder / INDEX) or {}).get("weight_map")
            named = set(places.values()) if isinstance(places, dict) else set()
            # The reader refuses an index that names other files.
            return sorted(name for name in named if name in self._files.sizes)
        families: dict[tuple[str, str], list[str]] = {}
        for name in names:
            if match := _SHARD.fullmatch(name):
                families.setdefault((match["stem"], match["count"]), []).append(name)
        whole = [found for (_, count), found in families.items() if len(found) == int(count)]
        return whole[0] if len(whole) == 1 else []

    def _within_room(self, heads: Sequence[_Head]) -> list[_Head]:
        """Return the shards whose headers may be read, the first, the last, then those between."""
        middle = len(heads) // 2
        order = [heads[0], heads[-1], *heads[middle:-1], *heads[1:middle]]
        room = self._files.room
        chosen: set[str] = set()
        for head in order:
            if head.rest.size <= room and head.name not in chosen:
                room -= head.rest.size
                chosen.add(head.name)
        return [head for head in heads if head.name in chosen]

    def _estimate(self, read: Sequence[_Head], unread: Sequence[_Head]) -> list[HeadersIncomplete]:
        """Write stand-ins for what is not read, and an index that fits them."""
        known = [
            tensor for head in read for tensor in read_weight_file(self._folder, head.name).tensors
        ]
        path = self._folder / "config.json"
        config = language_config(Settings(path, read_document(path) or {}))
        if not any(tensor.size for tensor in known):
            raise LeftOut([head.name for head in (*read, *unread)])
        layers = len(architecture_shape(config, None).layers)
        sizes = {head.name: head.size - head.length for head in unread}
        for name, entries in stand_ins(known, sizes, layers).items():
            header = packed(entries)
            _sparse(self._folder / name, header, len(header) + sizes[name])
        self._write_index([head.name for head in (*read, *unread)])
        return [HeadersIncomplete(tuple(sizes), _ESTIMATED)]

    def _write_index(self, shards: Sequence[str]) -> None:
        files = [read_weight_file(self._folder, name) for name in shards]
        places = {tensor.name: file.name for file in files for tensor in file.tensors}
        (self._folder / INDEX).write_text(json.dumps({"weight_map": places}), "utf-8")


def _lies(folder: Path, name: str) -> bool:
    return (folder / name).exists()


def _sparse(path: Path, start: bytes, size: int) -> None:
    with path.open("wb") as file:
        file.write(start)
        file.truncate(size)


def _hole(path: Path, size: int) -> None:
    """Write a file of zeros where there is none; only its size counts."""
    if not path.exists():
        _sparse(path, b"", size)
