"""What can be wrong with a stored model: one small class a finding, each with its stable code."""

from pathlib import Path
from typing import ClassVar

from attrs import frozen


@frozen
class MalformedFile:
    """A file is not what it should be; `message` says why, the file's name included."""

    code: ClassVar[str] = "malformed"
    path: Path
    message: str


@frozen
class UnreadablePlace:
    """A file or folder may not be read; `message` says why, its name included."""

    code: ClassVar[str] = "unreadable"
    path: Path
    message: str


@frozen
class DanglingLink:
    """A link whose target is not there."""

    code: ClassVar[str] = "dangling-link"
    path: Path
    target: str

    @property
    def message(self) -> str:
        """The finding as one line."""
        return f"`{self.path}` is a link to `{self.target}`, which is not there"


@frozen
class OutsideOfStore:
    """A link that leads out of the store that it lies in; it is not followed."""

    code: ClassVar[str] = "outside-of-store"
    path: Path
    target: Path

    @property
    def message(self) -> str:
        """The finding as one line."""
        return f"`{self.path}` leads out of its store, to `{self.target}`"


@frozen
class MissingFile:
    """A file that the store's records name is not there; `message` tells what names it."""

    code: ClassVar[str] = "missing-file"
    path: Path
    message: str


@frozen
class IncompleteDownload:
    """The rest of an interrupted download; `size` is what it takes on the disk, in bytes."""

    code: ClassVar[str] = "incomplete-download"
    path: Path
    size: int

    @property
    def message(self) -> str:
        """The finding as one line."""
        return f"`{self.path}` is an interrupted download, of which {self.size:,} bytes are here"


@frozen
class BrokenManifest:
    """A store's record of a model does not have the form it must have."""

    code: ClassVar[str] = "broken-manifest"
    path: Path
    what: str

    @property
    def message(self) -> str:
        """The finding as one line."""
        return f"the manifest `{self.path}` {self.what}"


@frozen
class UnreadLayout:
    """The model is sound, as far as is known, but stored in a way that lmrt does not read."""

    code: ClassVar[str] = "unread-layout"
    path: Path
    what: str

    @property
    def message(self) -> str:
        """The finding as one line."""
        return f"`{self.path}` {self.what}"


@frozen
class WrongSize:
    """A file has another size than its store recorded; both in bytes."""

    code: ClassVar[str] = "wrong-size"
    path: Path
    recorded: int
    found: int

    @property
    def message(self) -> str:
        """The finding as one line."""
        return f"`{self.path}` has {self.found:,} bytes, but must have {self.recorded:,}"


@frozen
class WrongHash:
    """A file's bytes are not those that its store recorded."""

    code: ClassVar[str] = "wrong-hash"
    path: Path
    recorded: str
    found: str

    @property
    def message(self) -> str:
        """The finding as one line."""
        return f"`{self.path}` has the hash {self.found[:12]}…, but must have {self.recorded[:12]}…"


Finding = (
    MalformedFile
    | UnreadablePlace
    | DanglingLink
    | OutsideOfStore
    | MissingFile
    | IncompleteDownload
    | BrokenManifest
    | UnreadLayout
    | WrongSize
    | WrongHash
)
