"""What is broken or incomplete in a store, as findings."""

from collections.abc import Iterator
from pathlib import Path

from lmrt.adapters.stores.looking import is_link, is_there
from lmrt.domain.errors import LmrtError
from lmrt.domain.findings import (
    DanglingLink,
    Finding,
    IncompleteDownload,
    MalformedFile,
    MissingFile,
    UnreadablePlace,
)


def finding_of(error: LmrtError, place: Path) -> Finding:
    """Return what an error says about a place in a store."""
    path = Path(error.context.get("path", place))
    if "missing" in error.context:
        return MissingFile(path, error.message)
    if error.code != "unreadable-input":
        return MalformedFile(path, error.message)
    if is_link(path) and not is_there(path):
        return DanglingLink(path, str(path.readlink()))
    return UnreadablePlace(path, error.message)


def unreadable_place(path: Path, error: OSError) -> UnreadablePlace:
    """Return the finding that a folder or file may not be read."""
    return UnreadablePlace(path, f"`{path}` cannot be read: {error.strerror or error}")


def incomplete(path: Path, *, with_hole: bool = False) -> Iterator[IncompleteDownload]:
    """Yield that a file is the rest of an interrupted download, unless it has just become whole.

    Args:
        path: The file.
        with_hole: Whether it has its whole size from the start, so that its blocks tell how much
            of it is here.
    """
    try:
        told = path.stat()
    except OSError:
        return
    here = min(told.st_size, told.st_blocks * 512) if with_hole else told.st_size
    yield IncompleteDownload(path, here)
