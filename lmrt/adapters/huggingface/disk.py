"""What goes wrong while files are written into the cache."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lmrt.adapters.huggingface.errors import Place
from lmrt.domain.errors import NotMaterialized
from lmrt.domain.sizes import format_size

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def free_bytes(folder: Path) -> int:
    """Return the bytes that are free where a folder is or would be made."""
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    return shutil.disk_usage(existing).free


def check_room(cache: Path, place: Place, needed: int) -> None:
    """Check that a download fits on the disk.

    Args:
        cache: The cache's folder.
        place: What is downloaded, for the error.
        needed: Bytes that are still to come.

    Raises:
        NotMaterialized: It does not (`disk-full`).
        OSError: The disk may not be asked.
    """
    free = free_bytes(cache)
    if needed > free:
        raise disk_full(cache, place, needed, free)


def disk_full(cache: Path, place: Place, needed: int | None, free: int) -> NotMaterialized:
    """Return the error for a disk that cannot take a download."""
    wants = "" if needed is None else f" takes {format_size(needed)}, but"
    return NotMaterialized(
        f"`{place}`{wants or ' does not fit:'} {format_size(free)} are free at `{cache}`",
        code="disk-full",
        context={**place.context, "path": str(cache), "needed": needed, "free": free},
        note=None if needed is not None else "what has come is kept, and counts the next time",
        hint="`rt models list` shows what takes room; or set `HF_HOME` to a folder on another disk",
    )


@contextmanager
def disk_errors(cache: Path, place: Place) -> Iterator[None]:
    """Turn what the system says of the disk into our errors.

    Raises:
        NotMaterialized: The disk is full (`disk-full`), or the cache cannot be written to
            (`unwritable-cache`).
    """
    try:
        yield
    except BrokenPipeError:  # of whoever is told how it goes
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise disk_full(cache, place, None, free_bytes(cache)) from error
        raise NotMaterialized(
            f"the Hugging Face cache at `{cache}` cannot be written to: {error.strerror or error}",
            code="unwritable-cache",
            context={**place.context, "path": str(cache), "errno": error.errno},
            note=f"at `{error.filename}`" if error.filename else None,
            hint="make it yours to write, or set `HF_HOME` to another folder",
        ) from error
