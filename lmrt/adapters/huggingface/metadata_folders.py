"""Where sketches are kept: a folder for each commit, written whole or not at all.

::

    headers/ORG/NAME/COMMIT/.sketch.json     what the sketches were made from, and what they lack
    headers/ORG/NAME/COMMIT/FILE             sketches, of next to no size on the disk

All of it can be removed at any time: what is missing is fetched again.
"""

import errno
import json
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from attrs import frozen

from lmrt.domain.filenames import checked_name
from lmrt.domain.notices import HeadersIncomplete

_RECORD = ".sketch.json"
_VERSION = 3
"""Of what sketches hold, raised when a reader begins to look at more; others are made anew."""
_KEPT = 4
"""Commits of a repository that are kept, the newest ones."""
_ABANDONED = 86_400.0
"""Seconds after which a folder in the making belongs to a process that was killed."""


@frozen
class Record:
    """What is recorded of the sketches of a commit.

    Attributes:
        artifacts: Their ids, in order.
        notices: What is left out of them, or estimated.
        room: Bytes that were allowed to be read for them; with more there may be less left out.
    """

    artifacts: tuple[str, ...]
    notices: tuple[HeadersIncomplete, ...]
    room: int


class SketchFolders:
    """The kept sketches of all repositories.

    Args:
        root: The folder that they are in, made where missing.
    """

    def __init__(self, root: Path) -> None:
        self._root = root / "headers"

    def place(self, repository: str, commit: str) -> Path:
        """Return where the sketches of a commit are or would be.

        Raises:
            NotMaterialized: The repository's name is not safe to use (`hostile-file-name`).
        """
        return self._root / checked_name(f"{repository}/{commit}")

    def known(self, place: Path, sizes: Mapping[str, int]) -> Record | None:
        """Return what was recorded of sketches, or None where there are none of these files.

        Args:
            place: Of the commit.
            sizes: Bytes of each file that they must have been made from.
        """
        try:
            values = json.loads((place / _RECORD).read_text("utf-8"))
            if values["version"] != _VERSION or values["sizes"] != dict(sizes):
                return None
            notices = [
                HeadersIncomplete(tuple(map(str, one["files"])), str(one["what"]))
                for one in values["notices"]
            ]
            artifacts = tuple(map(str, values["artifacts"]))
            return Record(artifacts, tuple(notices), int(values["room"]))
        except (OSError, ValueError, TypeError, LookupError, RecursionError):
            return None

    @contextmanager
    def making(self, place: Path) -> Iterator[Path]:
        """Give a folder to make the sketches of a commit in, which then takes its place.

        Where this cache cannot be written to, it is a temporary folder that is not kept. Nothing is
        kept either where the block raises.

        Raises:
            OSError: Neither can be written to, or the disk is full.
        """
        new = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
        try:
            new.mkdir(parents=True)
        except OSError:
            with tempfile.TemporaryDirectory(prefix="lmrt-headers-") as name:
                yield Path(name)
            return
        try:
            yield new
            # A folder can only take the place of an empty one.
            shutil.rmtree(place, ignore_errors=True)
            with suppress(FileExistsError):  # another process was faster
                _rename(new, place)
        finally:
            shutil.rmtree(new, ignore_errors=True)
        _prune(place)


def write_record(folder: Path, sizes: Mapping[str, int], record: Record) -> None:
    """Write beside the sketches what they were made from, what they are and what they lack."""
    values = {
        "version": _VERSION,
        "sizes": dict(sizes),
        "artifacts": list(record.artifacts),
        "room": record.room,
        "notices": [{"files": list(one.files), "what": one.what} for one in record.notices],
    }
    (folder / _RECORD).write_text(json.dumps(values), "utf-8")


def _rename(new: Path, place: Path) -> None:
    try:
        new.rename(place)
    except OSError as error:
        if error.errno == errno.ENOTEMPTY:
            raise FileExistsError(error.errno, error.strerror, str(place)) from error
        raise


def _prune(place: Path) -> None:
    """Remove what is no longer worth its room; what cannot be removed stays."""
    now = time.time()
    kept: list[tuple[float, Path]] = []
    for folder in place.parent.iterdir():
        try:
            changed = folder.stat().st_mtime
        except OSError:
            continue
        if not folder.name.startswith("."):
            kept.append((changed, folder))
        elif now - changed > _ABANDONED:
            shutil.rmtree(folder, ignore_errors=True)
    for _, folder in sorted(kept, reverse=True)[_KEPT:]:
        if folder != place:
            shutil.rmtree(folder, ignore_errors=True)
