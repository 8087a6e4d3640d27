"""What happens while files are downloaded, as values."""

from attrs import frozen

REPOSITORY_LOCK = "lmrt.lock"
"""File that is locked while a repository of the Hugging Face cache is changed, among its locks."""


@frozen
class ReadingHeaders:
    """A repository is asked for its files and their headers, before anything is downloaded.

    Attributes:
        repository: `org/name`.
        fetched: Bytes of headers that have come of it so far.
    """

    repository: str
    fetched: int


@frozen
class HeadersRead:
    """What was wanted of the headers of all repositories is here, or cannot be had."""


@frozen
class DownloadFile:
    """One file of a download.

    Attributes:
        name: Its path in the repository.
        size: Bytes.
        present: Bytes of it that were here before, all of them or those of a cut download.
    """

    name: str
    size: int
    present: int = 0


@frozen
class DownloadWaiting:
    """Another process downloads from the same repository; this one waits for it."""

    repository: str


@frozen
class DownloadStarted:
    """A download begins.

    Attributes:
        repository: `org/name`.
        files: Every file of it, those that are here already among them.
    """

    repository: str
    files: tuple[DownloadFile, ...]

    @property
    def total(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def present(self) -> int:
        """Bytes that were here before."""
        return sum(file.present for file in self.files)


@frozen
class FileProgress:
    """One file has come so far.

    Attributes:
        file: Its path in the repository.
        done: Bytes of it that are here; may fall back where a cut download begins anew.
        size: Bytes in all.
    """

    file: str
    done: int
    size: int


@frozen
class DownloadRetried:
    """A file is asked for once more after a pause.

    Attributes:
        file: Its path in the repository.
        reason: What went wrong, in one clause.
        seconds: The pause before the next attempt.
    """

    file: str
    reason: str
    seconds: float


@frozen
class DownloadDone:
    """Every file is here and verified.

    Attributes:
        repository: `org/name`.
        total: Bytes of all files.
        fetched: Bytes that came over the network.
    """

    repository: str
    total: int
    fetched: int


DownloadEvent = (
    ReadingHeaders
    | HeadersRead
    | DownloadWaiting
    | DownloadStarted
    | FileProgress
    | DownloadRetried
    | DownloadDone
)
