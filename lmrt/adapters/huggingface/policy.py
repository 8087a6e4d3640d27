"""How long the Hub is waited for, and how often it is asked again.

huggingface_hub's own back-off is not used: it waits as long as the server says, and tells of it in
the log only. Its timeouts are, so that `HF_HUB_DOWNLOAD_TIMEOUT` counts.
"""

from attrs import frozen

from lmrt.adapters.huggingface.errors import PASSING
from lmrt.domain.errors import LmrtError

_FIRST_ATTEMPTS = 2
_SILENCE = frozenset({"hub-unreachable", "hub-timeout"})


@frozen
class HubPolicy:
    """The patience of a client.

    Attributes:
        timeout: Seconds without a byte after which an attempt fails; None for the library's.
        attempts: How often one thing is asked for before its failure counts. What has come in
            between makes the count begin anew.
        pause: Seconds before the second attempt; each pause is twice the one before.
        longest_pause: Seconds; a server that asks for more patience is not waited for.
        connections: How many the large files of a download come over together.
        part: Bytes that are asked for at once where a file comes over several connections.
    """

    timeout: float | None = None
    attempts: int = 5
    pause: float = 0.5
    longest_pause: float = 30.0
    connections: int = 4
    part: int = 2**22

    @property
    def seconds(self) -> float:
        """The timeout of one attempt."""
        from huggingface_hub import constants

        return self.timeout or float(constants.HF_HUB_DOWNLOAD_TIMEOUT)

    def pause_after(self, failure: LmrtError, attempt: int) -> float | None:
        """Return the seconds to wait before the next attempt, or None to give up.

        Args:
            failure: What went wrong.
            attempt: How many attempts have failed, this one counted.
        """
        attempts = self.attempts
        # A listing comes first: without a network it fails alike each time, and the cache may have
        # what is asked for. A file is asked for once there was an answer.
        if failure.code in _SILENCE and failure.context.get("file") is None:
            attempts = min(attempts, _FIRST_ATTEMPTS)
        if failure.code not in PASSING or attempt >= attempts:
            return None
        wanted = failure.context.get("retry_after")
        pause = self.pause * 2 ** (attempt - 1) if wanted is None else float(wanted)
        return pause if pause <= self.longest_pause else None
