"""Deleting what a removal names, and telling beforehand what the disk gets back."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from lmrt.domain.errors import ConfigurationError, ModelNotFound
from lmrt.domain.stores import BrokenModel, FileIdentity, KeptFile, Removal, StoredModel


def freed(paths: Iterable[Path]) -> tuple[int, tuple[KeptFile, ...]]:
    """Return the bytes that deleting names frees, and the files whose bytes stay all the same.

    A link takes no bytes worth counting. The bytes of a file stay as long as another name of it
    does.
    """
    names: Counter[FileIdentity] = Counter()
    files: dict[FileIdentity, tuple[Path, os.stat_result]] = {}
    for path in paths:
        told = path.lstat()
        if not path.is_symlink():
            identity = FileIdentity(told.st_dev, told.st_ino)
            names[identity] += 1
            files[identity] = (path, told)
    kept = tuple(
        KeptFile(path, told.st_size, "another hard link of the file")
        for identity, (path, told) in files.items()
        if told.st_nlink > names[identity]
    )
    stays = {file.path for file in kept}
    return sum(told.st_size for path, told in files.values() if path not in stays), kept


def removal_below(
    root: Path, broken: BrokenModel, files: Sequence[Path], kept: Sequence[KeptFile] = ()
) -> Removal:
    """Return that files below a root go, and the folders that are empty then.

    Raises:
        ConfigurationError: They lie outside of the root (`outside-of-store`).
        ModelNotFound: There are none (`model-not-found`).
    """
    refuse_outside(root, files)
    try:
        bytes_freed, shared = freed(files)
    except FileNotFoundError as error:
        raise gone(broken) from error
    if not files:
        raise gone(broken)
    folders = {folder for path in files for folder in path.parents if folder != root}
    below = sorted((one for one in folders if one.is_relative_to(root)), reverse=True)
    return Removal(broken, tuple(files), tuple(below), bytes_freed, (*kept, *shared))


def delete(files: Sequence[Path], folders: Sequence[Path]) -> None:
    """Delete files in their order, then the folders that are empty; links are not followed.

    Raises:
        ConfigurationError: The system refuses one (`unwritable-output`).
    """
    for path in files:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise undeletable(path, error) from error
    for folder in folders:
        try:
            if not folder.is_symlink() and not any(folder.iterdir()):
                folder.rmdir()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise undeletable(folder, error) from error


def refuse_outside(root: Path, paths: Iterable[Path]) -> None:
    """Refuse paths that lead out of the root through a link to a folder.

    Raises:
        ConfigurationError: One does (`outside-of-store`).
    """
    inside = Path(os.path.realpath(root))
    for path in paths:
        folder = Path(os.path.realpath(path.parent))
        if not folder.is_relative_to(inside):
            raise ConfigurationError(
                f"`{path.parent}` leads out of its store, to `{folder}`",
                code="outside-of-store",
                context={"path": str(path), "target": str(folder)},
                note="a link is not followed to delete what it points to",
                hint="delete the link itself, or the files where they lie",
            )


def gone(model: StoredModel | BrokenModel) -> ModelNotFound:
    """Return the error that a model was there a moment ago."""
    return ModelNotFound(
        f"`{model.id}` is not there any more",
        code="model-not-found",
        context={"model": model.id, "path": str(model.location)},
        hint="`rt models list` shows what is here now",
    )


def damaged(
    place: Path, why: str, model: StoredModel | BrokenModel, hint: str
) -> ConfigurationError:
    """Return the error that a store does not tell what else uses a model's files."""
    return ConfigurationError(
        f"`{model.name}` is not removed: {why}",
        code="store-damaged",
        context={"model": model.id, "path": str(place)},
        note="so it cannot be told what else uses its files",
        hint=hint,
    )


def undeletable(path: Path, error: OSError) -> ConfigurationError:
    """Return the error that the system refuses to delete a file or folder."""
    return ConfigurationError(
        f"`{path}` cannot be deleted: {error.strerror or error}",
        code="unwritable-output",
        context={"path": str(path), "errno": error.errno},
        hint="check who owns it and that you may write to its folder",
    )
