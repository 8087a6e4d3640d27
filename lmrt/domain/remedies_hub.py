"""What can be wrong with the Hugging Face Hub, its cache and the token, and what to do."""

from pathlib import Path
from typing import ClassVar

from attrs import frozen

from lmrt.domain.sizes import format_size

_LOG_IN = "hf auth login"


@frozen
class HubUnreachable:
    """The Hub did not answer as it should; `reason` is one clause."""

    code: ClassVar[str] = "hub-unreachable"
    why: ClassVar[str] = (
        "nothing can be downloaded; check the network, `HTTPS_PROXY` and `HF_ENDPOINT`"
    )
    endpoint: str
    reason: str

    @property
    def what(self) -> str:
        """The finding."""
        return f"the Hub at {self.endpoint} cannot be used: {self.reason}"

    @property
    def command(self) -> str:
        """What to run."""
        return f"curl -I {self.endpoint}"


@frozen
class HubOffline:
    """`HF_HUB_OFFLINE`, or `offline` in the configuration file, forbids the network."""

    code: ClassVar[str] = "hub-offline"
    what: ClassVar[str] = (
        "lmrt is offline: `HF_HUB_OFFLINE`, or `offline` in the configuration file, says so"
    )
    why: ClassVar[str] = "what is not on this machine ends with exit code 5"
    command: ClassVar[str] = "unset HF_HUB_OFFLINE"


@frozen
class TokenMalformed:
    """What stands as the Hub's token cannot be one; `reason` says why, without quoting it."""

    code: ClassVar[str] = "token-malformed"
    why: ClassVar[str] = (
        "it comes from `HF_TOKEN` or the token file; gated and private models need one"
    )
    reason: str
    command: ClassVar[str] = _LOG_IN

    @property
    def what(self) -> str:
        """The finding."""
        return f"the token for the Hub cannot be one: it {self.reason}"


@frozen
class TokenRefused:
    """The Hub does not accept the token."""

    code: ClassVar[str] = "token-refused"
    why: ClassVar[str] = "it may have expired; with it the Hub refuses public models too"
    endpoint: str
    command: ClassVar[str] = _LOG_IN

    @property
    def what(self) -> str:
        """The finding."""
        return f"the Hub at {self.endpoint} does not accept your token"


@frozen
class CacheUnwritable:
    """The Hugging Face cache cannot be written to; `reason` is the system's."""

    code: ClassVar[str] = "unwritable-cache"
    why: ClassVar[str] = "nothing can be downloaded; or set `HF_HOME` to another folder"
    path: Path
    reason: str

    @property
    def what(self) -> str:
        """The finding."""
        return f"the Hugging Face cache at `{self.path}` cannot be written to: {self.reason}"

    @property
    def command(self) -> str:
        """What to run."""
        return f"chmod u+rwx '{self.path}'"


@frozen
class CacheDiskFull:
    """Few bytes are free where the cache lies."""

    code: ClassVar[str] = "cache-disk-full"
    why: ClassVar[str] = "a small model takes about 2 GiB; `rt models remove` makes room"
    path: Path
    free: int
    command: ClassVar[str] = "rt models list"

    @property
    def what(self) -> str:
        """The finding."""
        return f"{format_size(self.free)} are free on the disk of the cache at `{self.path}`"


@frozen
class CacheElsewhere:
    """The cache lies on a file system of a sort that does not suit it; `kind` is its name."""

    code: ClassVar[str] = "cache-elsewhere"
    path: Path
    kind: str
    effect: str
    command: ClassVar[str] = "export HF_HOME=~/huggingface"

    @property
    def what(self) -> str:
        """The finding."""
        return f"the Hugging Face cache at `{self.path}` lies on {self.kind}"

    @property
    def why(self) -> str:
        """Why it matters."""
        return self.effect


@frozen
class BrokenCacheLinks:
    """Links in the cache lead nowhere.

    Attributes:
        count: How many were seen.
        first: One of them.
    """

    code: ClassVar[str] = "broken-cache-links"
    why: ClassVar[str] = (
        "an interrupted download or a deleted blob leaves these; pulling again mends them"
    )
    count: int
    first: Path
    command: ClassVar[str] = "rt models verify"

    @property
    def what(self) -> str:
        """The finding."""
        links = "1 link" if self.count == 1 else f"{self.count:,} links"
        return f"{links} in the Hugging Face cache lead nowhere: `{self.first}`"
