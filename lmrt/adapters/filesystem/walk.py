"""Walking a tree of model folders."""

import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

MAX_DEPTH = 3
"""Folders below the root that are looked into: `org/name/variant`."""

_MODEL_SUFFIXES = (".gguf", ".safetensors", ".bin", ".pt", ".pth", ".ckpt")


def model_folders(
    root: Path,
    depth: int = MAX_DEPTH,
    *,
    leave_out: Collection[Path] = (),
    on_unreadable: Callable[[Path, OSError], None] | None = None,
) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Yield the folders that may hold a model, with the names of their files, sorted.

    The root comes first, even without any file that looks like a model's. Hidden folders are left
    out, and so are those inside a model's own folder (one with a `config.json`), links that lead
    back, and folders that may not be read.

    Args:
        root: Where to begin.
        depth: Folders below it that are looked into.
        leave_out: More folders to leave out with all that is in them, absolute and without links.
        on_unreadable: Told of folders that may not be read.
    """
    seen = {str(folder) for folder in leave_out}
    waiting = [(root, depth)]
    while waiting:
        folder, left = waiting.pop()
        real = os.path.realpath(folder)
        if real in seen:
            continue
        seen.add(real)
        files, folders = _entries(folder, on_unreadable)
        if folder == root or any(looks_like_model(name) for name in files):
            yield folder, files
        if left and (folder == root or "config.json" not in files):
            waiting.extend((folder / name, left - 1) for name in reversed(folders))


def looks_like_model(name: str) -> bool:
    """Return whether a file of that name may hold weights."""
    return name.lower().endswith(_MODEL_SUFFIXES)


def _entries(
    folder: Path, on_unreadable: Callable[[Path, OSError], None] | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    files: list[str] = []
    folders: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                (folders if _is_folder(entry) else files).append(entry.name)
    except OSError as error:
        if on_unreadable is not None:
            on_unreadable(folder, error)
        return (), ()
    return tuple(sorted(files)), tuple(sorted(folders))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False
