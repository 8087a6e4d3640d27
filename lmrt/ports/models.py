"""Where models come from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from lmrt.domain.downloads import DownloadEvent
from lmrt.domain.errors import LmrtError
from lmrt.domain.models import Artifact, DescribedArtifact, ResolvedModel
from lmrt.domain.references import HubRepository, Interpretation, Lookup


class ArtifactReader(Protocol):
    """Reads the headers of one artifact format."""

    def read(self, place: Path) -> tuple[DescribedArtifact, ...]:
        """Return the artifacts in a folder, not in the folders below it, or in one file.

        Reads headers only, never the weights. Split and sharded files count as one artifact.

        Returns:
            In a stable order; empty where the place holds nothing of this format.

        Raises:
            LoadFailed: A file is malformed (`malformed-file`): the header does not parse, or
                claims more than the file holds.
            ConfigurationError: A file may not be read (`unreadable-input`).
        """
        ...


class ModelSource(Protocol):
    """Finds a model under one reading of a reference."""

    def find(self, interpretation: Interpretation, lookup: Lookup) -> ResolvedModel | None:
        """Return the model, or None where this reading leads nowhere.

        Raises:
            ModelNotFound: The place exists but holds no model (`no-model-files`).
            NotMaterialized: The model is known but its files are not here and cannot be described:
                offline (`not-downloaded`), or the Hub did not give them.
            ConfigurationError: The place holds several models (`invalid-reference`), or may not be
                read (`unreadable-input`).
            LoadFailed: A file is malformed (`malformed-file`).
        """
        ...

    def discover(self, models_dir: Path) -> tuple[ResolvedModel, ...]:
        """Return the models under `models_dir`, sorted by location, without broken ones."""
        ...

    def known_names(self, models_dir: Path) -> tuple[str, ...]:
        """Return names that a user could have meant, for suggestions."""
        ...


class RepositorySource(ModelSource, Protocol):
    """Finds models in repositories; several at once where they hold forms of one model."""

    def find_together(
        self, wanted: Sequence[HubRepository], lookup: Lookup
    ) -> tuple[ResolvedModel | LmrtError, ...]:
        """Return what each repository holds, or the error that `find` would raise for it.

        They are asked at the same time, and what may be read of one model before a download is
        shared out among them.
        """
        ...


class DownloadProgress(Protocol):
    """Follows a download, and the reading of headers before it."""

    def on_event(self, event: DownloadEvent) -> None:
        """Take one event; called on any thread, one call at a time."""
        ...


class Materializer(Protocol):
    """Makes an artifact's files present."""

    def materialize(
        self,
        artifact: Artifact,
        *,
        offline: bool = False,
        progress: DownloadProgress | None = None,
    ) -> Path:
        """Return the folder that holds the artifact's files, present with the planned sizes.

        Args:
            artifact: What to make present.
            offline: Open no socket.
            progress: Told of what is downloaded; of nothing where all is here.

        Raises:
            NotMaterialized: A file is missing or has another size, cannot be downloaded, or is not
                what the Hub says that it is.
        """
        ...
