"""Looking at places that may not be there, or may not be looked at.

`Path.is_file` and its like raise where a folder above may not be searched, as that of Ollama's
service often is. Here such a place counts as not there; that a folder may not be read is told where
it is walked.
"""

import os
from pathlib import Path


def is_file(path: Path) -> bool:
    """Return whether there is a file, links followed."""
    return os.path.isfile(path)  # noqa: PTH113 - see above


def is_folder(path: Path) -> bool:
    """Return whether there is a folder, links followed."""
    return os.path.isdir(path)  # noqa: PTH112 - see above


def is_there(path: Path) -> bool:
    """Return whether there is anything, links followed."""
    return os.path.exists(path)  # noqa: PTH110 - see above


def is_link(path: Path) -> bool:
    """Return whether there is a symbolic link."""
    return os.path.islink(path)  # noqa: PTH114 - see above


def matching(folder: Path, pattern: str) -> list[Path]:
    """Return what matches a pattern in a folder, sorted."""
    try:
        return sorted(folder.glob(pattern)) if is_folder(folder) else []
    except OSError:
        return []
