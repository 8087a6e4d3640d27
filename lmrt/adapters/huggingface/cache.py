"""The layout of the Hugging Face cache.

::

    models--ORG--NAME/refs/REVISION            text: the commit that a branch or tag stood at
    models--ORG--NAME/snapshots/COMMIT/FILE    links into blobs/

https://huggingface.co/docs/huggingface_hub/guides/manage-cache. `snapshot_download` is not used: it
takes a repository of which only some files are wanted for an incomplete one.
"""

import re
from pathlib import Path, PurePosixPath

DEFAULT_REVISION = "main"
_COMMIT = re.compile(r"[0-9a-f]{40}")


def default_cache() -> Path:
    """Return the cache's folder, as the user's environment sets it."""
    from huggingface_hub.constants import HF_HUB_CACHE

    return Path(HF_HUB_CACHE).expanduser()


def snapshot(cache: Path, repository: str, revision: str | None) -> Path | None:
    """Return the folder of a revision's files, or None where it is not cached.

    Args:
        cache: The cache's folder.
        repository: `org/name`.
        revision: Branch, tag or commit; None for the default branch.
    """
    folder = cache / f"models--{repository.replace('/', '--')}"
    wanted = revision or DEFAULT_REVISION
    commit = wanted if _COMMIT.fullmatch(wanted) else _commit(folder / "refs", wanted)
    if commit is None:
        return None
    place = folder / "snapshots" / commit
    return place if place.is_dir() else None


def repositories(cache: Path) -> tuple[str, ...]:
    """Return the models in the cache as `org/name`, sorted."""
    found = (path.name.split("--") for path in cache.glob("models--*--*"))
    return tuple(sorted("/".join((parts[1], "--".join(parts[2:]))) for parts in found))


def _commit(refs: Path, revision: str) -> str | None:
    if ".." in PurePosixPath(revision).parts:
        return None
    try:
        commit = (refs / revision).read_text("utf-8").strip()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, UnicodeDecodeError):
        return None
    return commit if _COMMIT.fullmatch(commit) else None
