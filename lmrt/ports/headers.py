"""Reading what a plan needs of files that are elsewhere, without the weights."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from attrs import frozen

from lmrt.domain.notices import HeadersIncomplete


@frozen
class Span:
    """Bytes of a file: from `start` up to, without, `end`; both lie in the file."""

    name: str
    start: int
    end: int

    @property
    def size(self) -> int:
        """Number of bytes."""
        return self.end - self.start


class RemoteFiles(Protocol):
    """Files that are elsewhere, of which only so many bytes may be read."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """Bytes of each file, by name in a stable order; names are paths with `/`, and safe."""
        ...

    @property
    def room(self) -> int:
        """Bytes that may still be read."""
        ...

    def read(self, spans: Sequence[Span]) -> list[bytes]:
        """Return the bytes of several spans, which are fetched side by side.

        Args:
            spans: What to read; together no more than `room`.

        Raises:
            NotMaterialized: They cannot be fetched, or what came is not what was asked for.
        """
        ...


class HeaderSketcher(Protocol):
    """Makes sketches: files that the `ArtifactReader` of a format reads like the real ones.

    A sketch has the real header and a hole where the weights are, so it takes next to no room on
    the disk. What the reader does not look at may be missing from it.
    """

    def sketch(self, files: RemoteFiles, folder: Path) -> tuple[HeadersIncomplete, ...]:
        """Write the sketches of the files that are of this format.

        An artifact is sketched whole or not at all.

        Args:
            files: All files of a repository.
            folder: Where the sketches are written, under the files' names; empty of them before.

        Returns:
            What could not be read within the room, and so is missing or estimated.

        Raises:
            LoadFailed: Nothing of this format is sound (`malformed-file`); paths are in `folder`.
            NotMaterialized: What `files` raises.
            OSError: The folder cannot be written to.
        """
        ...
