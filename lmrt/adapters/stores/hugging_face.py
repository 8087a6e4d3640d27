"""`HuggingFaceStore`: the cache that Hugging Face's libraries share, and newer llama.cpp.

::

    models--ORG--NAME/refs/REVISION            text: the commit that a branch or tag stood at
    models--ORG--NAME/snapshots/COMMIT/FILE    links into blobs/, or plain files without links
    models--ORG--NAME/blobs/HASH               SHA-256 of large files, git's SHA-1 of small ones
    models--ORG--NAME/blobs/HASH.incomplete    interrupted downloads
    blobs/XX/HASH                              bytes that repositories share, linked from theirs

https://huggingface.co/docs/huggingface_hub/guides/manage-cache and huggingface_hub's
`_cache_manager.py` and `_shared_blobs.py`.
"""

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from lmrt.adapters.stores.broken import incomplete, unreadable_place
from lmrt.adapters.stores.deleting import delete
from lmrt.adapters.stores.facts import Facts
from lmrt.adapters.stores.hugging_face_broken import broken_removal
from lmrt.adapters.stores.hugging_face_names import (
    is_readable,
    name_of,
    reference_to,
    refs_of,
    repository_of,
    revision_of,
)
from lmrt.adapters.stores.hugging_face_removal import removal, remove, undisturbed
from lmrt.adapters.stores.looking import is_folder, matching
from lmrt.adapters.stores.reading import (
    Entry,
    Found,
    PlaceReader,
    content_hash,
    store_contents,
    stored_model,
)
from lmrt.domain.findings import Finding, IncompleteDownload, OutsideOfStore
from lmrt.domain.stores import (
    BrokenModel,
    ContentHash,
    Removal,
    StoreContents,
    StoredModel,
    StoreName,
)
from lmrt.ports.stores import FolderWalk


class HuggingFaceStore:
    """Finds every revision of every model in the cache; a `ModelStore`.

    Args:
        cache: The cache's folder.
        reader: Reads what lies in a place.
        walk: Finds the folders of a snapshot that may hold a model.
    """

    name = StoreName.HUGGING_FACE

    def __init__(self, cache: Path, reader: PlaceReader, walk: FolderWalk) -> None:
        self._cache = Path(os.path.realpath(cache))
        self._reader = reader
        self._walk = walk

    @property
    def roots(self) -> tuple[Path, ...]:
        """The cache's folder."""
        return (self._cache,)

    def contents(
        self,
        elsewhere: Collection[Path],
    ) -> StoreContents:
        """Return what lies in the cache; see `ModelStore.contents`."""
        models: list[StoredModel] = []
        findings: list[Finding] = []
        for repository in _folders(self._cache, findings):
            if not repository.name.startswith("models--") or repository in elsewhere:
                continue
            findings += _incomplete(repository)
            refs = refs_of(repository)
            for snapshot in _folders(repository / "snapshots", findings):
                models += self._models(repository, snapshot, refs, findings)
        self._reader.keep()
        return store_contents(models, findings)

    def removal(self, model: StoredModel) -> Removal:
        """Return what goes with an artifact: the whole revision, if it holds no other one.

        Raises:
            ConfigurationError: The repository's part of the cache is damaged (`store-damaged`).
            ModelNotFound: The model is not there any more (`model-not-found`).
        """
        return removal(self._cache, model, alone=self._alone(model))

    def name_of(self, path: Path) -> str | None:
        """Return the repository that a path lies in."""
        if not path.is_relative_to(self._cache) or path == self._cache:
            return None
        return repository_of(path.relative_to(self._cache).parts[0])

    def broken_removal(self, broken: BrokenModel, sound: Collection[Path]) -> Removal:
        """Return which names go, and which bytes that nothing else uses."""
        return broken_removal(self._cache, broken, sound)

    def remove(self, removal: Removal) -> None:
        """Let `huggingface_hub` delete it, links first, then the bytes that nothing else uses.

        What is broken it leaves alone, so that is deleted as the removal says.

        Raises:
            ConfigurationError: As `removal`, or a file may not be deleted (`unwritable-output`).
            ModelNotFound: The model is not there any more (`model-not-found`).
        """
        match removal.model:
            case StoredModel() as model:
                remove(self._cache, model, alone=self._alone(model))
            case BrokenModel() as broken:
                with undisturbed(self._cache, broken):
                    delete(removal.files, removal.folders)

    def _alone(self, model: StoredModel) -> bool:
        snapshots = next(place for place in model.location.parents if place.name == "snapshots")
        snapshot = snapshots / model.location.relative_to(snapshots).parts[0]
        found = self._read(snapshot, [])
        return sum(len(one.facts) for _, one in found) == 1

    def _read(self, snapshot: Path, findings: list[Finding]) -> list[tuple[Path, Found]]:
        walked = self._walk(
            snapshot,
            leave_out=(),
            on_unreadable=lambda place, error: findings.append(unreadable_place(place, error)),
        )
        return [(folder, self._reader.read(folder, names)) for folder, names in walked]

    def _models(
        self,
        repository: Path,
        snapshot: Path,
        refs: dict[str, list[str]],
        findings: list[Finding],
    ) -> Iterator[StoredModel]:
        read = self._read(snapshot, findings)
        for _, found in read:
            findings += found.findings
        placed = [(folder, one) for folder, found in read for one in found.facts]
        revision, alone = revision_of(snapshot.name, refs), len(placed) == 1
        for folder, one in placed:
            if outside := _outside((self._cache, repository), folder, one):
                findings.append(outside)
                continue
            first = folder / one.files[0]
            file = first.relative_to(snapshot).as_posix()
            place = snapshot if alone else first
            name = name_of(repository.name, revision, one, file, alone=alone)
            reference = reference_to(repository.name, revision, one, file, alone=alone)
            entry = Entry(
                name=name,
                reference=reference if is_readable(reference) else str(place),
                location=place,
                revision=snapshot.name,
                title=repository_of(repository.name).rpartition("/")[2],
            )
            try:
                yield stored_model(self.name, entry, one, folder, _recorded)
            except FileNotFoundError:
                continue  # deleted between two looks: it is not there


def _folders(place: Path, findings: list[Finding]) -> list[Path]:
    try:
        return sorted(path for path in place.iterdir() if is_folder(path))
    except FileNotFoundError:
        return []
    except OSError as error:
        findings.append(unreadable_place(place, error))
        return []


def _incomplete(repository: Path) -> Iterator[IncompleteDownload]:
    for path in matching(repository / "blobs", "*.incomplete"):
        yield from incomplete(path)


def _recorded(path: Path) -> ContentHash | None:
    """Return the hash that the name of a file's blob is, where the file is a link to one."""
    if not path.is_symlink():
        return None
    return content_hash(path.readlink().name)


def _outside(roots: Collection[Path], folder: Path, facts: Facts) -> OutsideOfStore | None:
    """Return the first file that leads out of the cache; a whole repository may be a link."""
    real = [os.path.realpath(root) for root in roots]
    for name in facts.files:
        target = Path(os.path.realpath(folder / name))
        if not any(target.is_relative_to(root) for root in real):
            return OutsideOfStore(folder / name, target)
    return None
