"""What `hf download --local-dir` records beside the files that it downloads into a folder.

::

    FILE
    .cache/huggingface/download/FILE.metadata      commit, hash and time, a line each
    .cache/huggingface/download/….incomplete       interrupted downloads

The hash is the SHA-256 of a large file, git's SHA-1 of a small one; it counts only while the file
was not written to after that time (huggingface_hub's `_local_folder.py`).
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from lmrt.adapters.stores.broken import incomplete
from lmrt.adapters.stores.looking import is_file, is_folder, matching
from lmrt.adapters.stores.reading import content_hash
from lmrt.domain.findings import IncompleteDownload
from lmrt.domain.stores import ContentHash

_PLACE = Path(".cache") / "huggingface"
_DOWNLOADS = _PLACE / "download"
_BOOKKEEPING = frozenset({"CACHEDIR.TAG", ".gitignore", ".gitignore.lock"})
_TOLERANCE = 1.0
"""Seconds that the time of a file may be off."""


def has_records(folder: Path) -> bool:
    """Return whether something was downloaded into a folder."""
    return is_folder(folder / _DOWNLOADS)


def recorded(path: Path) -> ContentHash | None:
    """Return the hash that was recorded of a file, or None where there is none that counts."""
    try:
        lines = _record(path, ".metadata").read_text("utf-8").splitlines()
        _, digest, time = lines[:3]
        if path.stat().st_mtime - _TOLERANCE > float(time):
            return None
    except (OSError, ValueError):
        return None
    return content_hash(digest)


def interrupted(folder: Path) -> Iterator[IncompleteDownload]:
    """Yield the rests of interrupted downloads into a folder."""
    for path in matching(folder / _DOWNLOADS, "**/*.incomplete"):
        yield from incomplete(path)


def records(files: Iterable[Path]) -> tuple[Path, ...]:
    """Return what was recorded of files; everything that was, where nothing else is recorded."""
    found: list[Path] = []
    by_folder: dict[Path, set[Path]] = {}
    for file in files:
        own = {_record(file, ending) for ending in (".metadata", ".lock")}
        by_folder.setdefault(file.parent, set()).update(own)
    for folder, own in by_folder.items():
        there = [path for path in matching(folder / _PLACE, "**/*") if is_file(path)]
        others = [path for path in there if path not in own and path.name not in _BOOKKEEPING]
        found += [path for path in there if not others or path in own]
    return tuple(found)


def _record(path: Path, ending: str) -> Path:
    return path.parent / _DOWNLOADS / f"{path.name}{ending}"
