"""`OllamaStore`: models that Ollama pulled or created.

The blob of a model's layer is a plain GGUF under another name, so it runs by its path. Ollama's own
prompt template is written for Go and is not used: the GGUF's template counts.
"""

import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from lmrt.adapters.stores.broken import incomplete, unreadable_place
from lmrt.adapters.stores.deleting import (
    damaged,
    delete,
    freed,
    gone,
    refuse_outside,
    removal_below,
)
from lmrt.adapters.stores.looking import matching
from lmrt.adapters.stores.ollama_manifests import (
    ADAPTER,
    MANIFEST_FOLDERS,
    MODEL,
    TENSOR,
    Layer,
    Manifest,
    manifests,
)
from lmrt.adapters.stores.reading import (
    Entry,
    PlaceReader,
    store_contents,
    stored_file,
    stored_model,
)
from lmrt.domain.findings import (
    Finding,
    IncompleteDownload,
    MissingFile,
    OutsideOfStore,
    UnreadLayout,
    WrongSize,
)
from lmrt.domain.stores import (
    BrokenModel,
    ContentHash,
    KeptFile,
    Removal,
    Sha256,
    StoreContents,
    StoredModel,
    StoreName,
)


class OllamaStore:
    """Finds the models of Ollama's stores; a `ModelStore`.

    Args:
        roots: Folders with `manifests` and `blobs`, there or not.
        reader: Reads what lies in a place.
    """

    name = StoreName.OLLAMA

    def __init__(self, roots: Sequence[Path], reader: PlaceReader) -> None:
        self._roots = tuple(dict.fromkeys(Path(os.path.realpath(root)) for root in roots))
        self._reader = reader

    @property
    def roots(self) -> tuple[Path, ...]:
        """The stores' folders."""
        return self._roots

    def contents(self, elsewhere: Collection[Path]) -> StoreContents:
        """Return what lies in the stores; see `ModelStore.contents`."""
        models: list[StoredModel] = []
        findings: list[Finding] = []
        for root in self._roots:
            if root in elsewhere:
                continue
            found, broken = manifests(root)
            findings += [*broken, *_interrupted(root)]
            for manifest in found:
                models += self._models(root, manifest, findings)
        self._reader.keep()
        return store_contents(models, findings)

    def removal(self, model: StoredModel) -> Removal:
        """Return that a name goes, and those of its blobs that no other name needs.

        Raises:
            ConfigurationError: Another name's record is broken (`store-damaged`).
            ModelNotFound: The model is not there any more (`model-not-found`).
        """
        root = next(root for root in self._roots if model.location.is_relative_to(root))
        found, broken = manifests(root)
        if broken:
            hint = f"mend or delete `{broken[0].path}` first"
            raise damaged(broken[0].path, broken[0].message, model, hint)
        named = next((one for one in found if one.name == model.name.partition("@")[0]), None)
        if named is None:
            raise gone(model)
        return self._removal(root, model, named, found)

    def name_of(self, path: Path) -> str | None:
        """Return the name that needs a blob, where exactly one does."""
        names = [
            manifest.name
            for root in self._roots
            for manifest in manifests(root)[0]
            if path in (*manifest.paths, *(layer.blob(root) for layer in manifest.layers))
        ]
        return names[0] if len(names) == 1 else None

    def broken_removal(self, broken: BrokenModel, sound: Collection[Path]) -> Removal:
        """Return that a name goes with its blobs, or a file that no name needs."""
        place = broken.location
        root = next((root for root in self._roots if place.is_relative_to(root)), None)
        if root is None:
            raise gone(broken)
        found, _ = manifests(root)
        name = self.name_of(place)
        named = next((one for one in found if one.name == name), None)
        if named is not None:
            return self._removal(root, broken, named, found)
        needed = {layer.blob(root) for manifest in found for layer in manifest.layers}
        # An interrupted pull keeps what it knows of its pieces beside the blob.
        files = (place, *matching(place.parent, f"{place.name}-*"))
        own = [one for one in files if one not in needed and one not in sound]
        return removal_below(root, broken, [one for one in own if os.path.lexists(one)])

    def _removal(
        self,
        root: Path,
        model: StoredModel | BrokenModel,
        named: Manifest,
        found: Sequence[Manifest],
    ) -> Removal:
        needed = {
            layer.digest: other.name
            for other in found
            if other.name != named.name
            for layer in other.layers
        }
        own = [layer for layer in named.layers if os.path.lexists(layer.blob(root))]
        blobs = [layer.blob(root) for layer in own if layer.digest not in needed]
        shared = [
            KeptFile(layer.blob(root), layer.size, f"`{needed[layer.digest]}`")
            for layer in own
            if layer.digest in needed
        ]
        files = (*named.paths, *blobs)
        refuse_outside(root, files)
        bytes_freed, kept = freed(files)
        return Removal(model, files, _folders(root, named), bytes_freed, (*shared, *kept))

    def remove(self, removal: Removal) -> None:
        """Delete the name first, then its blobs: what stays after a crash, Ollama prunes.

        Raises:
            ConfigurationError: A file may not be deleted (`unwritable-output`).
        """
        delete(removal.files, removal.folders)

    def _models(
        self, root: Path, manifest: Manifest, findings: list[Finding]
    ) -> Iterator[StoredModel]:
        faults = {layer: _fault(root, manifest, layer) for layer in manifest.layers}
        findings += [fault for fault in faults.values() if fault]
        sound = [layer for layer, fault in faults.items() if fault is None]
        models = [layer for layer in manifest.layers if layer.media_type == MODEL]
        if unread := _unread(manifest):
            findings.append(UnreadLayout(manifest.paths[0], f"({manifest.name}) {unread}"))
            return
        if models[0] not in sound:
            return
        blob = models[0].blob(root)
        found = self._reader.read(blob)
        findings += found.findings
        others = tuple(
            stored_file(layer.blob(root), Sha256(layer.digest))
            for layer in sound
            if layer is not models[0]
        )
        if not found.facts and not found.findings:
            what = f"({manifest.name}) is no GGUF of a language model, which lmrt does not read"
            findings.append(UnreadLayout(blob, what))
        for one in found.facts:
            entry = Entry(
                manifest.name, str(blob), blob, title=manifest.name.partition(":")[0], others=others
            )
            yield stored_model(self.name, entry, one, blob.parent, _recorded)


def _unread(manifest: Manifest) -> str | None:
    """Return why the model is more, or other, than one GGUF."""
    types = {layer.media_type for layer in manifest.layers}
    if TENSOR in types and MODEL not in types:
        return "holds each tensor as a file of its own, which lmrt does not read"
    if ADAPTER in types:
        return "puts an adapter over its weights, which lmrt does not do"
    return None if MODEL in types else "holds no weights that lmrt reads"


def _fault(root: Path, manifest: Manifest, layer: Layer) -> Finding | None:
    blob = layer.blob(root)
    target = Path(os.path.realpath(blob))
    try:
        size = blob.stat().st_size
    except FileNotFoundError:
        return MissingFile(blob, f"`{blob}` is not there, but `{manifest.name}` needs it")
    except OSError as error:
        return unreadable_place(blob, error)
    if not target.is_relative_to(root):
        return OutsideOfStore(blob, target)
    return None if size == layer.size else WrongSize(blob, layer.size, size)


def _recorded(path: Path) -> ContentHash | None:
    return Sha256(path.name.removeprefix("sha256-"))


def _interrupted(root: Path) -> Iterator[IncompleteDownload]:
    for path in matching(root / "blobs", "sha256-*-partial"):
        yield from incomplete(path, with_hole=True)


def _folders(root: Path, manifest: Manifest) -> tuple[Path, ...]:
    stay = {root / folder for folder in MANIFEST_FOLDERS}
    return tuple(
        folder for path in manifest.paths for folder in path.parents[:3] if folder not in stay
    )
