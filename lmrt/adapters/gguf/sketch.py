"""`GgufSketcher`: the headers of GGUFs that are elsewhere, for a few kilobytes each.

Between the keys that a plan needs lie the vocabulary and its merges, 5 to 12 MB in each of the
variants of a repository. Three ways lead past them, the cheapest first:

1. **As in another file.** Variants of a model have the same vocabulary: where an array of the same
   key and length ended in one of them, it is taken to end in the next.
2. **Search**, by a few windows (`sketch_texts`).
3. **Read it all**, where there is room once everything else is done.

The first two guess, and what they lead to is checked: every pair and every tensor's entry must
parse, in number, shape and place, and the tensors must fill the file to its last byte.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path, PurePosixPath

from lmrt.adapters.gguf.reader import GgufReader, opened
from lmrt.adapters.gguf.sketch_header import Walk, write_copy
from lmrt.adapters.gguf.sketch_layout import Layout
from lmrt.adapters.gguf.sketch_texts import end_of_texts
from lmrt.adapters.gguf.sketch_windows import NoRoom, Windows
from lmrt.domain.errors import LoadFailed
from lmrt.domain.model_files import PartName
from lmrt.domain.notices import HeadersIncomplete
from lmrt.ports.headers import RemoteFiles, Span

_WHOLE = 2**18
"""Bytes that are fetched at a time where an array is read as a whole."""
_LEFT_OUT = "left out of the plan: "
_NO_ROOM = _LEFT_OUT + "the header takes more than what is read before a download"


class _Lost(Exception):  # noqa: N818 - no error: another way is tried
    """This way does not lead past an array, or led to a wrong place."""


class GgufSketcher:
    """Sketches GGUFs, split ones too; a `HeaderSketcher`."""

    def sketch(self, files: RemoteFiles, folder: Path) -> tuple[HeadersIncomplete, ...]:
        """Write the sketches; see `HeaderSketcher.sketch`."""
        names = [name for name in files.sizes if name.lower().endswith(".gguf")]
        work = _Sketches(files, folder)
        for at, name in enumerate(names):
            work.cheaply(name)
            if work.layout is not None:
                work.fetch_like_the_first(names[at + 1 :])
                for other in names[at + 1 :]:
                    work.cheaply(other)
                break
        for name in tuple(work.lost):
            work.whole(name)
        return work.settle(names)


class _Sketches:
    """The sketches of one repository in the making.

    Attributes:
        layout: How the first file with long arrays is laid out, or None before it is known.
        lost: Files whose arrays' ends were not found.
    """

    def __init__(self, files: RemoteFiles, folder: Path) -> None:
        self._files = files
        self._folder = folder
        self._windows = {
            name: Windows(files, name, folder / name)
            for name in files.sizes
            if name.lower().endswith(".gguf")
        }
        self.layout: Layout | None = None
        self.lost: list[str] = []
        self._failures: dict[str, LoadFailed | None] = {}

    def fetch_like_the_first(self, names: Sequence[str]) -> None:
        """Fetch in two rounds what files need that are laid out like the first one."""
        if self.layout is None:
            return
        heads = [self._windows[name].span(0, self.layout.head) for name in names]
        rest: list[Span] = []
        for span, data in self._fetched(heads):
            window = self._windows[span.name]
            window.add(span, data)
            rest += [window.span(start, end) for start, end in self.layout.others(data)]
        for span, data in self._fetched(rest):
            self._windows[span.name].add(span, data)

    def _fetched(self, spans: Sequence[Span]) -> Iterator[tuple[Span, bytes]]:
        """Return the first spans, as many as there is room for, with their bytes."""
        sizes = accumulate(span.size for span in spans)
        fitting = [span for span, end in zip(spans, sizes, strict=True) if end <= self._files.room]
        return zip(fitting, self._files.read(fitting), strict=True)

    def cheaply(self, name: str) -> None:
        """Sketch a file by what others taught, else by searching."""
        known = {} if self.layout is None else self.layout.lengths
        try:
            try:
                self._write(self._walked(name, _Known(known)), strict=True)
            except _Lost:
                self._write(self._walked(name, _Found()), strict=True)
        except (_Lost, NoRoom):
            self.lost.append(name)
        except LoadFailed as error:
            self._failures[name] = error

    def whole(self, name: str) -> None:
        """Sketch a file by reading its header from end to end."""
        try:
            self._write(self._walked(name, _ReadThrough()), strict=False)
        except NoRoom:
            self._failures[name] = None
        except LoadFailed as error:
            self._failures[name] = error

    def settle(self, names: Sequence[str]) -> tuple[HeadersIncomplete, ...]:
        """Remove what cannot be read as a whole model; return what is left out.

        Raises:
            LoadFailed: All of it is malformed (`malformed-file`).
        """
        notices: list[HeadersIncomplete] = []
        malformed: list[LoadFailed] = []
        too_large: list[str] = []
        groups = _groups(names)
        for group in groups:
            try:
                self._check(group)
            except LoadFailed as error:
                malformed.append(error)
                notices.append(HeadersIncomplete(tuple(group), _LEFT_OUT + error.context["what"]))
            except NoRoom:
                too_large += group
            else:
                continue
            for name in group:
                (self._folder / name).unlink(missing_ok=True)
        if malformed and len(malformed) == len(groups):
            raise malformed[0]
        if too_large:
            notices.append(HeadersIncomplete(tuple(too_large), _NO_ROOM))
        return tuple(notices)

    def _check(self, group: Sequence[str]) -> None:
        for name in group:
            if name in self._failures:
                raise self._failures[name] or NoRoom
        GgufReader().read(self._folder / group[0])

    def _walked(self, name: str, ends: "_Known | _Found | _ReadThrough") -> Walk:
        walk = Walk(self._windows[name], ends)
        try:
            walk.run()
        except LoadFailed as error:
            if walk.jumps and not isinstance(ends, _ReadThrough):
                raise _Lost from error
            raise
        return walk

    def _write(self, walk: Walk, *, strict: bool) -> None:
        path = self._folder / walk.windows.name
        write_copy(walk, path)
        try:
            with opened(path) as header:
                spare = header.file_size - header.needed if header.tensors else 0
        except LoadFailed as error:
            path.unlink()
            if strict and walk.jumps:
                raise _Lost from error
            raise
        if strict and walk.jumps and spare >= walk.alignment:
            path.unlink()
            raise _Lost
        if self.layout is None:
            self.layout = Layout.of(walk)


class _Known:
    """Ends of arrays as in a file that was sketched before."""

    def __init__(self, lengths: Mapping[tuple[str, int], int]) -> None:
        self._lengths = lengths

    def __call__(self, walk: Walk, key: str, start: int, count: int) -> int:
        length = self._lengths.get((key, count))
        if length is None or not walk.follows(start + length):
            raise _Lost
        return start + length


class _Found:
    """Ends of arrays by searching."""

    def __call__(self, walk: Walk, key: str, start: int, count: int) -> int:  # noqa: ARG002
        end = end_of_texts(walk.windows, start, count, walk.follows)
        if end is None:
            raise _Lost
        return end


class _ReadThrough:
    """Ends of arrays by reading them."""

    def __call__(self, walk: Walk, key: str, start: int, count: int) -> int:  # noqa: ARG002
        return walk.walked(start, count, _WHOLE)


def _groups(names: Sequence[str]) -> list[list[str]]:
    """Return the names, the parts of a split model together."""
    groups: dict[str, list[str]] = {}
    for name in names:
        path = PurePosixPath(name)
        part = PartName.of(path.name)
        whole = path.name if part is None else part.names[0]
        groups.setdefault(str(path.with_name(whole)), []).append(name)
    return list(groups.values())
