"""`LlamaCppStore`: the folder that llama.cpp downloaded into until it took the Hugging Face cache.

::

    ORG_NAME_FILE.gguf                         the file of a repository, `/` written as `_`
    ORG_NAME_FILE.gguf.etag, ….gguf.json       what the server said of it
    ….gguf.downloadInProgress                  an interrupted download
    manifest=ORG=NAME=TAG.json                 which file a tag means, with its SHA-256

`common/download.cpp` and `common/hf-cache.cpp` of https://github.com/ggml-org/llama.cpp.
"""

import json
import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from lmrt.adapters.stores.broken import incomplete, unreadable_place
from lmrt.adapters.stores.broken_files import broken_files
from lmrt.adapters.stores.deleting import delete, freed, gone, refuse_outside, removal_below
from lmrt.adapters.stores.looking import is_file, matching
from lmrt.adapters.stores.reading import (
    Entry,
    PlaceReader,
    store_contents,
    stored_file,
    stored_model,
)
from lmrt.domain.findings import Finding, IncompleteDownload
from lmrt.domain.stores import (
    BrokenModel,
    ContentHash,
    Removal,
    Sha256,
    StoreContents,
    StoredModel,
    StoreName,
)

_BESIDE = (".etag", ".json")
_UNFINISHED = ".downloadInProgress"
_LARGEST = 2**22
"""Bytes of the largest manifest that is read."""


class LlamaCppStore:
    """Finds what llama.cpp downloaded; a `ModelStore`.

    Args:
        folder: Its cache, there or not.
        reader: Reads what lies in a place.
    """

    name = StoreName.LLAMA_CPP

    def __init__(self, folder: Path, reader: PlaceReader) -> None:
        self._folder = Path(os.path.realpath(folder))
        self._reader = reader

    @property
    def roots(self) -> tuple[Path, ...]:
        """The cache's folder."""
        return (self._folder,)

    def contents(self, elsewhere: Collection[Path]) -> StoreContents:
        """Return what lies in the folder; see `ModelStore.contents`."""
        if self._folder in elsewhere:
            return StoreContents()
        try:
            names = sorted(entry.name for entry in os.scandir(self._folder) if is_file(Path(entry)))
        except FileNotFoundError:
            return StoreContents()
        except OSError as error:
            return StoreContents(findings=(unreadable_place(self._folder, error),))
        found = self._reader.read(self._folder, names)
        findings: list[Finding] = [*found.findings, *self._unfinished(names)]
        recorded = dict(self._recorded(names))
        models = []
        for one in found.facts:
            place = self._folder / one.files[0]
            beside = [path for name in one.files for path in self._beside(name)]
            others = tuple(stored_file(path) for path in beside)
            entry = Entry(place.name, str(place), place, others=others)
            models.append(stored_model(self.name, entry, one, self._folder, recorded.get))
        self._reader.keep()
        return store_contents(models, findings)

    def removal(self, model: StoredModel) -> Removal:
        """Return that the files go, with what is recorded of them beside.

        Raises:
            ModelNotFound: The model is not there any more (`model-not-found`).
        """
        weights = [file.path for file in model.weights]
        names = [path.name for path in matching(self._folder, "manifest=*.json")]
        manifests = [one.path for one in self._manifests(names) if one.file in weights]
        beside = [path for path in weights for path in self._beside(path.name)]
        files = tuple(dict.fromkeys((*manifests, *beside, *weights)))
        refuse_outside(self._folder, files)
        try:
            bytes_freed, kept = freed(files)
        except FileNotFoundError as error:
            raise gone(model) from error
        return Removal(model, files, (), bytes_freed, kept)

    def name_of(self, path: Path) -> str | None:
        """Return a file's name."""
        return path.name if path.parent == self._folder else None

    def broken_removal(self, broken: BrokenModel, sound: Collection[Path]) -> Removal:
        """Return that a broken file goes, with what is recorded of it beside."""
        found = [file for one in broken.findings for file in broken_files(one.path, sound)]
        names = [file.name.removesuffix(_UNFINISHED) for file in found]
        beside = [path for name in names for path in self._beside(name) if path not in sound]
        files = tuple(dict.fromkeys((*beside, *found)))
        return removal_below(self._folder, broken, files)

    def remove(self, removal: Removal) -> None:
        """Delete the records first, then the files.

        Raises:
            ConfigurationError: A file may not be deleted (`unwritable-output`).
        """
        delete(removal.files, removal.folders)

    def _beside(self, name: str) -> list[Path]:
        paths = (self._folder / (name + ending) for ending in _BESIDE)
        return [path for path in paths if is_file(path)]

    def _unfinished(self, names: Sequence[str]) -> Iterator[IncompleteDownload]:
        for name in names:
            if name.endswith(_UNFINISHED):
                yield from incomplete(self._folder / name)

    def _recorded(self, names: Sequence[str]) -> Iterator[tuple[Path, ContentHash]]:
        for manifest in self._manifests(names):
            match manifest.told:
                case {"lfs": {"sha256": str(digest)}}:
                    yield manifest.file, Sha256(digest)
                case _:
                    continue

    def _manifests(self, names: Sequence[str]) -> Iterator["_Manifest"]:
        """Yield the manifests that can be read; without the others only hashes are lacking."""
        for name in names:
            parts = name.removesuffix(".json").split("=")
            if parts[0] != "manifest" or len(parts) != 4:
                continue
            path = self._folder / name
            match _document(path):
                case {"ggufFile": {"rfilename": str(file), **told}}:
                    flat = f"{parts[1]}_{parts[2]}_{file}".replace("/", "_")
                    yield _Manifest(path, self._folder / flat, told)
                case _:
                    continue


@frozen
class _Manifest:
    """A manifest with the model file that it names, and what it tells of that file."""

    path: Path
    file: Path
    told: Any


def _document(path: Path) -> Any:
    try:
        small = path.is_file() and path.stat().st_size <= _LARGEST
        return json.loads(path.read_bytes()) if small else None
    except (OSError, ValueError, RecursionError):
        return None
