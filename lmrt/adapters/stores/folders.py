"""`FolderStore`: models in folders, one or several a folder, under one root."""

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from lmrt.adapters.stores.broken import incomplete, unreadable_place
from lmrt.adapters.stores.broken_files import broken_files
from lmrt.adapters.stores.deleting import delete, freed, gone, refuse_outside, removal_below
from lmrt.adapters.stores.local_downloads import has_records, interrupted, recorded, records
from lmrt.adapters.stores.reading import (
    Entry,
    Found,
    PlaceReader,
    nothing_recorded,
    store_contents,
    stored_model,
)
from lmrt.domain.findings import Finding, IncompleteDownload
from lmrt.domain.stores import BrokenModel, Removal, StoreContents, StoredModel, StoreName
from lmrt.ports.stores import FolderWalk

Refer = Callable[[Path, Path], tuple[str, str]]
"""Returns the name within the store, and the reference, of a place under a root."""

_UNFINISHED = (".incomplete", ".part", ".partial", ".crdownload")


class FolderStore:
    """Finds models in the folders under its roots; a `ModelStore`.

    Args:
        name: Whose store it is.
        roots: The folders to look into.
        reader: Reads what lies in a place.
        walk: Finds the folders that may hold a model.
        refer: How its models are named and referred to.
    """

    def __init__(
        self,
        name: StoreName,
        roots: Sequence[Path],
        *,
        reader: PlaceReader,
        walk: FolderWalk,
        refer: Refer,
    ) -> None:
        self._name = name
        self._roots = tuple(dict.fromkeys(Path(os.path.realpath(root)) for root in roots))
        self._reader = reader
        self._walk = walk
        self._refer = refer

    @property
    def name(self) -> StoreName:
        """Whose store it is."""
        return self._name

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders that it looks into."""
        return self._roots

    def contents(self, elsewhere: Collection[Path]) -> StoreContents:
        """Return what lies under the roots; see `ModelStore.contents`."""
        models: list[StoredModel] = []
        findings: list[Finding] = []

        def unread(place: Path, error: OSError) -> None:
            if not isinstance(error, FileNotFoundError):
                findings.append(unreadable_place(place, error))

        for root in self._roots:
            for folder, names in self._walk(root, leave_out=elsewhere, on_unreadable=unread):
                found = self._reader.read(folder, names)
                models += self._models(root, folder, found)
                findings += found.findings
                findings += [*_unfinished(folder, names), *interrupted(folder)]
        self._reader.keep()
        return store_contents(models, findings)

    def removal(self, model: StoredModel) -> Removal:
        """Return that the model's own files go, and the folder if nothing else is in it.

        Raises:
            ConfigurationError: They lie outside of the store (`outside-of-store`).
            ModelNotFound: The model is not there any more (`model-not-found`).
        """
        root = next(root for root in self._roots if model.location.is_relative_to(root))
        own = tuple(file.path for file in (*reversed(model.others), *model.weights))
        paths = (*records(own), *own)
        refuse_outside(root, paths)
        try:
            bytes_freed, kept = freed(paths)
        except FileNotFoundError as error:
            raise gone(model) from error
        folders = {folder for path in paths for folder in path.parents if folder != root}
        below = sorted((one for one in folders if one.is_relative_to(root)), reverse=True)
        return Removal(model, paths, tuple(below), bytes_freed, kept)

    def name_of(self, path: Path) -> str | None:
        """Return a path's name below its root."""
        root = next((root for root in self._roots if path.is_relative_to(root)), None)
        return None if root is None else path.relative_to(root).as_posix()

    def broken_removal(self, broken: BrokenModel, sound: Collection[Path]) -> Removal:
        """Return that the files of a broken model go; see `ModelStore.broken_removal`."""
        place = broken.location
        root = next((root for root in self._roots if place.is_relative_to(root)), None)
        if root is None:
            raise gone(broken)
        found = [file for one in broken.findings for file in broken_files(one.path, sound)]
        own = tuple(dict.fromkeys(found))
        return removal_below(root, broken, (*records(own), *own))

    def remove(self, removal: Removal) -> None:
        """Delete the files, then the folders that are empty.

        Raises:
            ConfigurationError: A file may not be deleted (`unwritable-output`).
        """
        delete(removal.files, removal.folders)

    def _models(self, root: Path, folder: Path, found: Found) -> Iterator[StoredModel]:
        alone = len(found.facts) == 1 and folder != root
        told = recorded if has_records(folder) else nothing_recorded
        for one in found.facts:
            place = folder if alone else folder / one.files[0]
            name, reference = self._refer(root, place)
            try:
                entry = Entry(name, reference, place)
                yield stored_model(self._name, entry, one, folder, told)
            except FileNotFoundError:
                continue  # deleted between two looks: it is not there


def _unfinished(folder: Path, names: Sequence[str]) -> Iterator[IncompleteDownload]:
    for name in names:
        if name.lower().endswith(_UNFINISHED):
            yield from incomplete(folder / name)
