"""Models as they lie in the stores of this machine: ours, and those of other tools."""

from enum import StrEnum
from pathlib import Path

from attrs import frozen

from lmrt.domain.findings import Finding
from lmrt.domain.messages import Modality
from lmrt.domain.models import ArtifactFormat


class StoreName(StrEnum):
    """A place where models are kept, by its owner."""

    BUNDLED = "bundled"
    MODELS_DIR = "models-dir"
    HUGGING_FACE = "huggingface"
    OLLAMA = "ollama"
    LM_STUDIO = "lm-studio"
    LLAMA_CPP = "llama.cpp"


OTHER_TOOLS = frozenset({StoreName.OLLAMA, StoreName.LM_STUDIO, StoreName.LLAMA_CPP})
"""Stores that belong to one other tool; the Hugging Face cache is shared, and ours too."""


@frozen
class FileIdentity:
    """Which bytes on a disk a name leads to: names of the same identity share their bytes."""

    device: int
    inode: int


@frozen
class Sha256:
    """The SHA-256 of a file's bytes, in lower-case hexadecimal digits."""

    digest: str


@frozen
class GitBlob:
    """The SHA-1 that git gives a file: of `blob SIZE`, a zero byte, and the file's bytes."""

    digest: str


ContentHash = Sha256 | GitBlob


@frozen
class StoredFile:
    """One file of a stored model.

    Attributes:
        path: Where its name lies; what it links to may lie elsewhere in the store.
        size: Bytes.
        identity: The bytes on the disk, links followed.
        content: The hash that the store's layout tells without reading the file, or None.
    """

    path: Path
    size: int
    identity: FileIdentity
    content: ContentHash | None = None


@frozen
class StoredModel:
    """One loadable artifact in a store.

    Attributes:
        store: Whose store it lies in.
        name: Its name within the store, which no other model there has: what the store's owner
            calls it, else its path below the store's root.
        title: The model's own name, else its folder's or its file's.
        reference: What to give `rt prompt -m` for this artifact.
        format: How the weights are stored.
        quantization: The name of the rounding.
        architecture: The architecture's name, in the format's own words.
        modalities: What it takes as input.
        trained_context: Tokens it was trained on at once, or None where unknown.
        parameters: Number of weights, or None where unknown.
        location: The file or folder.
        weights: The files that hold its weights.
        others: Its other files: tokenizer, configuration, what else its owner keeps with it.
        revision: In the Hugging Face cache the commit, else None.
    """

    store: StoreName
    name: str
    title: str
    reference: str
    format: ArtifactFormat
    quantization: str
    architecture: str
    modalities: frozenset[Modality]
    trained_context: int | None
    parameters: int | None
    location: Path
    weights: tuple[StoredFile, ...]
    others: tuple[StoredFile, ...] = ()
    revision: str | None = None

    @property
    def id(self) -> str:
        """`STORE:NAME`, which names exactly this model on this machine."""
        return f"{self.store}:{self.name}"

    @property
    def files(self) -> tuple[StoredFile, ...]:
        """All files, the weights first."""
        return self.weights + self.others

    @property
    def size(self) -> int:
        """Bytes on the disk, those that several names share counted once."""
        return bytes_on_disk(self.files)


@frozen
class BrokenModel:
    """What lies in a store but is no sound model: a cut file, an interrupted download.

    Attributes:
        store: Whose store it lies in.
        name: As it was named: a path that a finding tells, or the store's name for it.
        findings: What is wrong.
    """

    store: StoreName
    name: str
    findings: tuple[Finding, ...]

    @property
    def id(self) -> str:
        """`STORE:NAME`."""
        return f"{self.store}:{self.name}"

    @property
    def location(self) -> Path:
        """Where the first of what is wrong lies."""
        return self.findings[0].path


@frozen
class StoreContents:
    """What lies in one store.

    Attributes:
        models: Sorted by name.
        findings: What is broken or incomplete, and why it is not among the models.
    """

    models: tuple[StoredModel, ...] = ()
    findings: tuple[Finding, ...] = ()


@frozen
class KeptFile:
    """A file that stays although a model that uses it goes.

    Attributes:
        path: The file.
        size: Bytes.
        used_by: Who else uses it, for people: a revision, a tag.
    """

    path: Path
    size: int
    used_by: str


@frozen
class Removal:
    """What removing a model would do; nothing is done yet.

    Attributes:
        model: The model, or what is broken.
        files: What would be deleted, in this order: first the names by which the store's owner
            finds the model, last the bytes, so that a crash leaves no name without its bytes.
        folders: Folders that would be deleted if nothing else is left in them.
        freed: Bytes that the disk gets back. Bytes that other names still lead to do not count.
        kept: What stays because something else uses it.
    """

    model: StoredModel | BrokenModel
    files: tuple[Path, ...]
    folders: tuple[Path, ...]
    freed: int
    kept: tuple[KeptFile, ...] = ()


@frozen
class Verified:
    """A file was looked at; `finding` is what is wrong with it, or None.

    Attributes:
        file: The file.
        hashed: Whether its bytes were compared with a recorded hash. Where the store records none,
            its size and its header were checked alone.
        finding: What is wrong, or None.
    """

    file: StoredFile
    hashed: bool
    finding: Finding | None


@frozen
class Duplicate:
    """The same weights in several places.

    Attributes:
        models: At least two.
        copies: How many times the bytes lie on the disk; names that share bytes count once.
        wasted: Bytes that all copies but one take.
        proven: Whether recorded hashes tell it; else it was judged by sizes and samples.
    """

    models: tuple[StoredModel, ...]
    copies: int
    wasted: int
    proven: bool


@frozen
class Inventory:
    """Everything that all stores hold.

    Attributes:
        models: Store by store.
        findings: What is broken or incomplete, by store.
        duplicates: The most wasteful first.
    """

    models: tuple[StoredModel, ...]
    findings: tuple[tuple[StoreName, Finding], ...]
    duplicates: tuple[Duplicate, ...]

    @property
    def size(self) -> int:
        """Bytes that all models take on the disk."""
        return bytes_on_disk(tuple(file for model in self.models for file in model.files))


@frozen
class StorePlaces:
    """Where the stores of other tools are on this machine, and our cache, there or not.

    Attributes:
        home: The user's home folder.
        ollama: Roots of Ollama's stores: the user's, the system service's.
        llama_cpp: The folder that llama.cpp downloads into.
        cache: lmrt's own cache, for what is slow to read again; None for none.
    """

    home: Path
    ollama: tuple[Path, ...]
    llama_cpp: Path
    cache: Path | None = None


def bytes_on_disk(files: "tuple[StoredFile, ...]") -> int:
    """Return the bytes that files take, those of the same identity once."""
    return sum({file.identity: file.size for file in files}.values())
