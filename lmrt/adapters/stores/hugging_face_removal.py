"""Removing from the Hugging Face cache as `huggingface_hub` itself does."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lmrt.adapters.stores.deleting import damaged, delete, freed, gone, refuse_outside, undeletable
from lmrt.adapters.stores.looking import is_file, is_there, matching
from lmrt.domain.downloads import REPOSITORY_LOCK
from lmrt.domain.errors import LmrtError
from lmrt.domain.stores import BrokenModel, KeptFile, Removal, StoredModel

if TYPE_CHECKING:
    from huggingface_hub import (
        CachedRepoInfo,
        CachedRevisionInfo,
        DeleteCacheStrategy,
        HFCacheInfo,
    )

_AT_ONCE = 0.05
"""Seconds after which a lock counts as held by another."""


def removal(cache: Path, model: StoredModel, *, alone: bool) -> Removal:
    """Return what would be deleted; see `HuggingFaceStore.removal`.

    Args:
        cache: The cache's folder, without links.
        model: The model.
        alone: Whether its revision holds no other artifact, so that the whole revision goes.
    """
    revision, strategy = _strategy(cache, model, alone=alone)
    names, blobs = _ordered(strategy)
    bytes_freed, kept = freed((*names, *blobs))
    if any(blob.is_symlink() for blob in blobs):
        # The bytes lie in the store that repositories share, and only it knows who else uses them.
        bytes_freed = strategy.expected_freed_size
    return Removal(
        model,
        files=(*names, *blobs),
        folders=(*sorted(strategy.snapshots), *sorted(strategy.repos)),
        freed=bytes_freed,
        kept=(*_kept(revision, strategy, {*names, *blobs}), *kept),
    )


def remove(cache: Path, model: StoredModel, *, alone: bool) -> None:
    """Delete it; what else uses its bytes is looked up anew, since the cache may have changed."""
    with undisturbed(cache, model):
        _, strategy = _strategy(cache, model, alone=alone)
        names, _ = _ordered(strategy)
        # huggingface_hub deletes a whole repository in any order; stopped halfway, it would take
        # what is left for damaged.
        delete(names, ())
        replace(strategy, refs=frozenset()).execute()
    # What may not be deleted is logged there and left: here the user is told.
    for file in model.weights:
        if os.path.lexists(file.path):
            raise undeletable(file.path, PermissionError("it is still there"))


@contextmanager
def undisturbed(cache: Path, model: StoredModel | BrokenModel) -> Iterator[None]:
    """Hold the lock that a download from the same repository holds; do not wait for it."""
    from huggingface_hub.utils import WeakFileLock  # type: ignore[attr-defined]

    folder = model.location.relative_to(cache).parts[0]
    lock = cache / ".locks" / folder / REPOSITORY_LOCK
    with ExitStack() as stack:
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(WeakFileLock(lock, timeout=_AT_ONCE))
        except TimeoutError as error:
            busy = BlockingIOError("another process downloads from the same repository")
            raise undeletable(model.location, busy) from error
        except OSError as error:
            raise undeletable(lock, error) from error
        yield


def _ordered(strategy: "DeleteCacheStrategy") -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Return what goes: names of revisions and of files, and then blobs."""
    inside = [
        path
        for folder in (*sorted(strategy.repos), *sorted(strategy.snapshots))
        for path in matching(folder, "**/*")
        if path.is_symlink() or is_file(path)
    ]
    blobs = [path for path in inside if path.parent.name == "blobs"]
    named = [path for path in inside if path.parent.name != "blobs"]
    names = (*sorted(strategy.refs), *named, *sorted(strategy.files))
    return tuple(dict.fromkeys(names)), tuple(dict.fromkeys((*blobs, *sorted(strategy.blobs))))


def _strategy(
    cache: Path, model: StoredModel, *, alone: bool
) -> "tuple[CachedRevisionInfo, DeleteCacheStrategy]":
    from huggingface_hub import CacheNotFound, scan_cache_dir

    try:
        info = scan_cache_dir(cache)
    except CacheNotFound as error:
        raise gone(model) from error
    except (OSError, UnicodeDecodeError) as error:
        # Another repository's files: all are looked at, and a few faults end the scan.
        hint = "`hf cache ls` shows whether the cache can be read"
        raise damaged(cache, f"the cache cannot be read: {error}", model, hint) from error
    own = _own(info, model)
    if own is None:
        raise _damaged(info, cache, model)
    repository, revision = own
    # Copies of a repository have the same commits: only this one may be looked at.
    info = replace(info, repos=frozenset({repository}))
    if alone:
        strategy = info.delete_revisions(revision.commit_hash)
    else:
        weights = {file.path for file in model.weights}
        strategy = info.delete_files(
            *(file for file in revision.files if file.file_path in weights)
        )
    # A link may point anywhere, and what it points to would be deleted as a blob.
    refuse_outside(cache, strategy.blobs)
    return revision, strategy


def _own(
    info: "HFCacheInfo", model: StoredModel
) -> "tuple[CachedRepoInfo, CachedRevisionInfo] | None":
    for repository in info.repos:
        for revision in repository.revisions:
            if model.location.is_relative_to(revision.snapshot_path):
                return repository, revision
    return None


def _damaged(info: "HFCacheInfo", cache: Path, model: StoredModel) -> LmrtError:
    folder = cache / model.location.relative_to(cache).parts[0]
    why = [str(warning) for warning in info.warnings if str(folder) in str(warning)]
    if not why or not is_there(model.location):
        return gone(model)
    hint = f"delete `{folder}` by hand, or mend it with `hf download`"
    return damaged(folder, why[0], model, hint)


def _kept(
    revision: "CachedRevisionInfo", strategy: "DeleteCacheStrategy", doomed: set[Path]
) -> tuple[KeptFile, ...]:
    if strategy.repos:
        return ()
    return tuple(
        KeptFile(file.blob_path, file.size_on_disk, "another revision")
        for file in sorted(revision.files, key=lambda one: one.file_path)
        if file.file_path in doomed and file.blob_path not in doomed
    )
