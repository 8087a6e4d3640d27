"""Removing what is broken from the Hugging Face cache: names first, then bytes that none leads to.

`huggingface_hub` leaves out repositories with links that lead nowhere, so that it deletes none of
their files.
"""

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from lmrt.adapters.stores.broken_files import broken_files
from lmrt.adapters.stores.deleting import gone, removal_below
from lmrt.adapters.stores.looking import is_file, is_link, matching
from lmrt.domain.stores import BrokenModel, KeptFile, Removal

_UNFINISHED = ".incomplete"


def broken_removal(cache: Path, broken: BrokenModel, sound: Collection[Path]) -> Removal:
    """Return what goes with something broken; see `ModelStore.broken_removal`.

    Of an interrupted download also the contents go that no revision has a name for yet. A revision
    of which no name is left goes as a whole.
    """
    place = broken.location
    if not place.is_relative_to(cache) or place == cache:
        raise gone(broken)
    repository = cache / place.relative_to(cache).parts[0]
    wanted = dict.fromkeys(
        file for one in broken.findings for file in broken_files(one.path, sound)
    )
    unfinished = [path for path in wanted if path.name.endswith(_UNFINISHED)]
    names = [path for path in wanted if path not in unfinished]
    names += _rest_of_revisions(repository, names, sound)
    led_to = {_target(path) for path in names}
    stay = [path for path in _names(repository) if path not in names]
    used = {_target(path) for path in stay}
    if unfinished:
        led_to |= {path for path in matching(repository / "blobs", "*") if _is_content(path)}
    blobs = sorted(
        path
        for path in led_to - used
        if path.parent == repository / "blobs" and is_file(path) and not is_link(path)
    )
    kept = [
        KeptFile(path, path.stat().st_size, "another revision or file")
        for path in sorted({_target(name) for name in names} & used)
        if is_file(path)
    ]
    files = tuple(dict.fromkeys((*_refs(repository, stay, names), *names, *blobs, *unfinished)))
    return removal_below(cache, broken, files, kept)


def _names(repository: Path) -> list[Path]:
    found = matching(repository / "snapshots", "**/*")
    return [path for path in found if is_link(path) or is_file(path)]


def _rest_of_revisions(
    repository: Path, names: list[Path], sound: Collection[Path]
) -> Iterator[Path]:
    """Yield the other files of revisions in which no sound model is left."""
    snapshots = repository / "snapshots"
    touched = {
        snapshots / path.relative_to(snapshots).parts[0]
        for path in names
        if path.is_relative_to(snapshots)
    }
    for path in _names(repository):
        snapshot = snapshots / path.relative_to(snapshots).parts[0]
        holds_sound = any(one.is_relative_to(snapshot) for one in sound)
        weights = path.name.lower().endswith(".gguf") and is_file(path)
        if snapshot in touched and not holds_sound and path not in names and not weights:
            yield path


def _refs(repository: Path, stay: list[Path], names: list[Path]) -> Iterator[Path]:
    """Yield the names of revisions of which nothing is left."""
    snapshots = repository / "snapshots"
    left = {path.relative_to(snapshots).parts[0] for path in stay}
    gone_now = {
        path.relative_to(snapshots).parts[0] for path in names if path.is_relative_to(snapshots)
    }
    for path in matching(repository / "refs", "**/*"):
        if is_file(path) and path.read_text("utf-8", "replace").strip() in gone_now - left:
            yield path


def _target(path: Path) -> Path:
    """Return what a name leads to, without following links on the way to the cache."""
    if not is_link(path):
        return path
    return Path(os.path.normpath(path.parent / path.readlink()))


def _is_content(path: Path) -> bool:
    return is_file(path) and not path.name.endswith(_UNFINISHED)
