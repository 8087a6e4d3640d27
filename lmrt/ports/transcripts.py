"""Where chat transcripts are kept."""

from pathlib import Path
from typing import Protocol

from lmrt.domain.transcripts import Transcript


class TranscriptStore(Protocol):
    """Keeps transcripts as files."""

    def load(self, path: Path) -> Transcript | None:
        """Return the transcript at `path`, or None where there is none.

        Raises:
            ConfigurationError: The file is not a transcript (`invalid-transcript`).
        """
        ...

    def save(self, path: Path, transcript: Transcript) -> None:
        """Write the transcript whole or not at all."""
        ...
