"""`GgufReader`: the GGUF files of a folder as artifacts."""

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from mmap import ACCESS_READ, mmap
from pathlib import Path

from lmrt.adapters.gguf.describe import describe, is_model
from lmrt.adapters.gguf.header import MAGIC, Header, KnownHeaders, read_header
from lmrt.domain.files import malformed_file, missing_parts, unreadable
from lmrt.domain.model_files import PartName
from lmrt.domain.models import DescribedArtifact


class GgufReader:
    """Reads GGUF headers: versions 2 and 3, little-endian; an `ArtifactReader`.

    Split models count as one artifact and may be named by any part. Files that hold no language
    model (`mmproj` projectors, LoRA adapters, importance matrices) are no artifacts.

    It remembers parts of the headers that it read last, a few megabytes, since models share them.
    """

    def __init__(self) -> None:
        self._known = KnownHeaders()

    def read(self, place: Path) -> tuple[DescribedArtifact, ...]:
        """Return the models in a folder, by name, or the one that a file is or is part of.

        Raises:
            LoadFailed: A file is malformed, or a part is missing (`malformed-file`).
            ConfigurationError: A file may not be read (`unreadable-input`).
        """
        found = (self._read_one(files) for files in _candidates(place))
        return tuple(described for described in found if described is not None)

    def _read_one(self, files: tuple[Path, ...]) -> DescribedArtifact | None:
        with ExitStack() as stack:
            first = stack.enter_context(opened(files[0], self._known))
            if not is_model(first):
                return None
            _check_split(first, len(files))
            parts = [first, *(stack.enter_context(opened(file, self._known)) for file in files[1:])]
            for number, part in enumerate(parts[1:], start=1):
                _check_part(part, number, len(parts))
            return describe(parts)


def _names(place: Path) -> list[str]:
    """Return the names of GGUF files; a file that is asked for may have any name."""
    try:
        if place.is_dir():
            with os.scandir(place) as entries:
                # Links are not followed here: one that leads nowhere is told, not left out.
                files = [entry.name for entry in entries if not entry.is_dir(follow_symlinks=False)]
            return sorted(name for name in files if _named_gguf(name) and name[0] != ".")
        if not place.is_file():
            return []
        with place.open("rb") as file:
            return [place.name] if _named_gguf(place.name) or file.read(4) == MAGIC else []
    except OSError as error:
        raise unreadable(place, error) from error


def _named_gguf(name: str) -> bool:
    return name.lower().endswith(".gguf")


def _candidates(place: Path) -> Iterator[tuple[Path, ...]]:
    """Return the files of each model, the parts of a split one together."""
    names = _names(place)
    folder = place if place.is_dir() else place.parent
    done: set[str] = set()
    for name in names:
        if name in done:
            continue
        part = PartName.of(name)
        group = (name,) if part is None else part.names
        done.update(group)
        missing = [other for other in group if not (folder / other).is_file()]
        if missing and part is not None:
            raise missing_parts(folder, missing, f"the {len(group)} parts of `{name}`")
        yield tuple(folder / other for other in group)


@contextmanager
def opened(path: Path, known: KnownHeaders | None = None) -> Iterator[Header]:
    """Map the file and read its header, which is usable inside the block."""
    try:
        # A pipe that nobody writes to would not open otherwise
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise malformed_file(path, "is no ordinary file", hint="put the file itself there")
            if not status.st_size:
                raise malformed_file(path, "is empty")
            data = mmap(file.fileno(), 0, access=ACCESS_READ)
    except OSError as error:
        raise unreadable(path, error) from error
    with data:
        yield read_header(data, path, known)


def _check_split(first: Header, files: int) -> None:
    count = first.metadata.count("split.count") or 1
    if count != files:
        raise malformed_file(
            first.path,
            f"is one of {count} parts, but its name speaks of {files}",
            hint="keep the names that split files were published with",
        )
    _check_part(first, 0, files)


def _check_part(part: Header, number: int, count: int) -> None:
    """Check that a file is the part that its name says; parts count from 0 inside the file."""
    claimed = (part.metadata.count("split.no") or 0, part.metadata.count("split.count") or 1)
    if claimed != (number, count):
        raise malformed_file(
            part.path,
            f"is part {claimed[0] + 1} of {claimed[1]} in its header, but {number + 1} of {count} "
            "by its name",
            hint="keep the names that split files were published with",
        )
