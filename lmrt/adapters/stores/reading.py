"""From a place in a store to models and findings."""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from attrs import evolve, field, frozen

from lmrt.adapters.stores.broken import finding_of
from lmrt.adapters.stores.facts import Facts, facts_of
from lmrt.adapters.stores.facts_cache import FactsCache
from lmrt.domain.describe import one_line
from lmrt.domain.errors import LmrtError
from lmrt.domain.findings import Finding
from lmrt.domain.models import PICKLE_SUFFIXES
from lmrt.domain.stores import (
    ContentHash,
    FileIdentity,
    GitBlob,
    Sha256,
    StoreContents,
    StoredFile,
    StoredModel,
    StoreName,
)
from lmrt.ports.models import ArtifactReader

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SHA1 = re.compile(r"[0-9a-f]{40}")
_WEIGHTS = (".gguf", ".safetensors", *PICKLE_SUFFIXES)

Recorded = Callable[[Path], ContentHash | None]
"""Returns the hash that a store's layout tells of a file."""


@frozen
class Found:
    """What lies in one place."""

    facts: tuple[Facts, ...] = ()
    findings: tuple[Finding, ...] = ()


@frozen
class Entry:
    """How a store names a model, and where it lies."""

    name: str
    reference: str
    location: Path
    revision: str | None = None
    title: str | None = None
    others: tuple[StoredFile, ...] = field(default=())


class PlaceReader:
    """Reads what lies in a place; what is broken hides nothing else.

    Args:
        readers: Readers of artifact formats.
        cache: What was read before of places that are unchanged.
    """

    def __init__(self, readers: Sequence[ArtifactReader], cache: FactsCache | None = None) -> None:
        self._readers = tuple(readers)
        self._cache = cache or FactsCache(None)

    def read(self, place: Path, names: Sequence[str] = ()) -> Found:
        """Return the artifacts of a folder, or of one file.

        Args:
            place: The folder or the file.
            names: The folder's files, looked at one by one where some are broken; none for a file.
        """
        known, signature = self._cache.get(place, names)
        if known is not None:
            return Found(known)
        facts: list[Facts] = []
        findings: list[Finding] = []
        for reader in self._readers:
            try:
                facts += map(facts_of, reader.read(place))
            except LmrtError as error:
                sound, broken = _one_by_one(reader, place, names)
                facts += sound
                findings += broken or [finding_of(error, place)]
        if not findings:
            self._cache.put(place, signature, tuple(facts))
        return Found(tuple(facts), tuple(dict.fromkeys(findings)))

    def keep(self) -> None:
        """Remember what was read for the next time."""
        self._cache.save()


def _one_by_one(
    reader: ArtifactReader, folder: Path, names: Sequence[str]
) -> tuple[list[Facts], list[Finding]]:
    found: dict[str, Facts] = {}
    findings: dict[object, Finding] = {}
    for name in names:
        if not name.lower().endswith(_WEIGHTS):
            continue
        try:
            found |= {one.artifact.id: facts_of(one) for one in reader.read(folder / name)}
        except LmrtError as error:
            # Every part that is there tells of the same parts that are missing.
            missing = error.context.get("missing")
            findings.setdefault(str(missing) if missing else name, finding_of(error, folder / name))
    return list(found.values()), list(findings.values())


def stored_file(path: Path, content: ContentHash | None = None) -> StoredFile:
    """Return a file with its identity, links followed.

    Raises:
        OSError: It is not there.
    """
    told = path.stat()
    return StoredFile(path, told.st_size, FileIdentity(told.st_dev, told.st_ino), content)


def stored_model(
    store: StoreName, entry: Entry, facts: Facts, root: Path, recorded: Recorded
) -> StoredModel:
    """Return the model that an artifact is, as its store names it.

    Args:
        store: Whose store it is.
        entry: How the store names it.
        facts: The artifact.
        root: The folder that its files' paths begin in.
        recorded: Tells the hashes of files.

    Raises:
        OSError: A file has gone since it was read.
    """
    weights: list[StoredFile] = []
    others: list[StoredFile] = []
    for name in facts.files:
        path = root / name
        # Companions of a folder are texts; what may hold weights ends like it, or has no ending.
        is_weights = path.name.lower().endswith(_WEIGHTS) or not path.suffix
        (weights if is_weights else others).append(stored_file(path, recorded(path)))
    return StoredModel(
        store=store,
        name=entry.name,
        title=one_line(facts.title) or entry.title or _stem(facts.files[0], root),
        reference=entry.reference,
        format=facts.format,
        quantization=facts.quantization,
        architecture=facts.architecture,
        modalities=facts.modalities,
        trained_context=facts.trained_context,
        parameters=facts.parameters,
        location=entry.location,
        weights=tuple(weights),
        others=(*others, *entry.others),
        revision=entry.revision,
    )


def _stem(first: str, root: Path) -> str:
    return first[: -len(".gguf")] if first.lower().endswith(".gguf") else root.name


def content_hash(text: str) -> ContentHash | None:
    """Return the hash that a text is as the Hub tells hashes, or None where it is none."""
    if _SHA256.fullmatch(text):
        return Sha256(text)
    return GitBlob(text) if _SHA1.fullmatch(text) else None


def nothing_recorded(_path: Path) -> None:
    """Return that no hash is known."""


def store_contents(models: Iterable[StoredModel], findings: Iterable[Finding]) -> StoreContents:
    """Return models by name, those that share one told apart by their place, and findings once."""
    found: dict[str, StoredModel] = {}
    for model in models:
        name = f"{model.name}@{model.location}" if model.name in found else model.name
        found[name] = evolve(model, name=name)
    return StoreContents(
        tuple(found[name] for name in sorted(found)), tuple(dict.fromkeys(findings))
    )
