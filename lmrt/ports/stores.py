"""Where models are kept on this machine, whoever keeps them there."""

from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Protocol

from lmrt.domain.stores import (
    BrokenModel,
    ContentHash,
    Removal,
    StoreContents,
    StoredModel,
    StoreName,
)

OnUnreadable = Callable[[Path, OSError], None]
"""Told of every folder that may not be read."""


class FolderWalk(Protocol):
    """Finds the folders below a root that may hold a model."""

    def __call__(
        self, root: Path, *, leave_out: Collection[Path], on_unreadable: OnUnreadable
    ) -> Iterable[tuple[Path, tuple[str, ...]]]:
        """Yield folders with the names of their files, sorted; the root first.

        Links to folders are followed, each folder once.

        Args:
            root: Where to begin.
            leave_out: Folders to leave out with all that is in them, absolute and without links.
            on_unreadable: Told of folders that may not be read.
        """
        ...


class ModelStore(Protocol):
    """One store of models. Nothing here copies a model's bytes or opens a socket."""

    @property
    def name(self) -> StoreName:
        """Whose store it is."""
        ...

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders that it looks into, absolute and without links, there or not."""
        ...

    def contents(self, elsewhere: Collection[Path]) -> StoreContents:
        """Return what lies in the store, by headers and the store's own records alone.

        What is broken never hides what is sound: it becomes a finding.

        Args:
            elsewhere: Roots of other stores, which are left out where they lie below this one's.
        """
        ...

    def removal(self, model: StoredModel) -> Removal:
        """Return what removing one of its models would do, as the store is now.

        Raises:
            ConfigurationError: It cannot be told what else uses the model's files
                (`store-damaged`), or they lie outside of the store (`outside-of-store`).
            ModelNotFound: The model is not there any more (`model-not-found`).
        """
        ...

    def name_of(self, path: Path) -> str | None:
        """Return the store's name for what a broken file belongs to, or None where it has none."""
        ...

    def broken_removal(self, broken: BrokenModel, sound: Collection[Path]) -> Removal:
        """Return what removing something broken would do: its own files, and no other's.

        Args:
            broken: What is broken; its findings are this store's.
            sound: Files of sound models, which stay.

        Raises:
            ConfigurationError: As `removal`.
            ModelNotFound: There is nothing of it to delete (`model-not-found`).
        """
        ...

    def remove(self, removal: Removal) -> None:
        """Delete what the removal names; folders only where they are empty.

        No link is followed. A crash leaves a store that its owner can read: at worst bytes stay
        that nothing names.

        Raises:
            ConfigurationError: A file may not be deleted (`unwritable-output`).
        """
        ...


class FileContent(Protocol):
    """Looks at the bytes of files."""

    def size(self, path: Path) -> int:
        """Return a file's bytes, links followed.

        Raises:
            ConfigurationError: It is not there, or may not be read (`unreadable-input`).
        """
        ...

    def hash(self, path: Path, like: ContentHash) -> ContentHash:
        """Return the hash of a file's bytes, read whole.

        Args:
            path: The file.
            like: A hash of the kind to compute.

        Raises:
            ConfigurationError: It may not be read (`unreadable-input`).
        """
        ...

    def sample(self, path: Path, size: int) -> str:
        """Return a digest of the file's start, its end and some places between.

        Files of the same size and bytes have the same; others of the same size hardly ever do.

        Raises:
            ConfigurationError: It may not be read (`unreadable-input`).
        """
        ...
