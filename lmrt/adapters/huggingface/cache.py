"""The layout of the Hugging Face cache.

::

    models--ORG--NAME/refs/REVISION            text: the commit that a branch or tag stood at
    models--ORG--NAME/snapshots/COMMIT/FILE    links into blobs/
    models--ORG--NAME/blobs/ETAG               contents, named by their hash
    models--ORG--NAME/blobs/ETAG.incomplete    what has come of one so far
    .locks/models--ORG--NAME/ETAG.lock         held by who writes a blob

https://huggingface.co/docs/huggingface_hub/guides/manage-cache. `snapshot_download` is not used: it
takes a repository of which only some files are wanted for an incomplete one.
"""

import errno
import os
import re
import secrets
from pathlib import Path, PurePosixPath

DEFAULT_REVISION = "main"
_NO_LINKS = frozenset({errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})
_COMMIT = re.compile(r"[0-9a-f]{40}")


def default_cache() -> Path:
    """Return the cache's folder, as the user's environment sets it."""
    from huggingface_hub.constants import HF_HUB_CACHE

    return Path(HF_HUB_CACHE).expanduser()


def folder_name(repository: str) -> str:
    """Return the name of a repository's folder."""
    return f"models--{repository.replace('/', '--')}"


def snapshot_folder(cache: Path, repository: str, commit: str) -> Path:
    """Return the folder of a commit's files, whether or not it exists."""
    return cache / folder_name(repository) / "snapshots" / commit


def snapshot(cache: Path, repository: str, revision: str | None) -> Path | None:
    """Return the folder of a revision's files, or None where it is not cached.

    Args:
        cache: The cache's folder.
        repository: `org/name`.
        revision: Branch, tag or commit; None for the default branch.
    """
    folder = cache / folder_name(repository)
    wanted = revision or DEFAULT_REVISION
    commit = wanted if _COMMIT.fullmatch(wanted) else _commit(folder / "refs", wanted)
    if commit is None:
        return None
    place = snapshot_folder(cache, repository, commit)
    return place if place.is_dir() else None


def repositories(cache: Path) -> tuple[str, ...]:
    """Return the models in the cache as `org/name`, sorted."""
    found = (path.name.split("--") for path in cache.glob("models--*--*"))
    return tuple(sorted("/".join((parts[1], "--".join(parts[2:]))) for parts in found))


def link(blob: Path, name: Path) -> None:
    """Give a content its name in a snapshot, as `huggingface_hub` does.

    Where the file system knows no links, the content itself takes the name.

    Raises:
        OSError: The folder cannot be written to.
    """
    name.parent.mkdir(parents=True, exist_ok=True)
    temporary = name.with_name(f".{name.name}.{secrets.token_hex(4)}.tmp")
    try:
        temporary.symlink_to(os.path.relpath(blob, name.parent))
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        blob.replace(name)
    else:
        temporary.replace(name)


def write_ref(cache: Path, repository: str, revision: str, commit: str) -> None:
    """Write down which commit a branch or tag stands at; whole or not at all.

    Raises:
        OSError: The folder cannot be written to.
    """
    path = cache / folder_name(repository) / "refs" / revision
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    temporary.write_text(commit, "utf-8")
    temporary.replace(path)


def _commit(refs: Path, revision: str) -> str | None:
    if ".." in PurePosixPath(revision).parts:
        return None
    try:
        commit = (refs / revision).read_text("utf-8").strip()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, UnicodeDecodeError):
        return None
    return commit if _COMMIT.fullmatch(commit) else None
