"""One file over several connections: its parts come side by side and are appended in order.

What comes early waits in memory, a few parts at most, so that the file on the disk is at any moment
the beginning of the real one: whoever goes on after an interruption needs to know nothing else, and
the hash is computed as the file grows.
"""

from collections.abc import Iterator
from contextlib import closing
from queue import SimpleQueue
from threading import Event, Lock, Semaphore, Thread

from attrs import field, frozen

from lmrt.adapters.huggingface.arrival import Arrival
from lmrt.adapters.huggingface.client import HubClient
from lmrt.adapters.huggingface.errors import WholeFilesOnly, in_short
from lmrt.adapters.huggingface.listing import Listing, RemoteFile
from lmrt.domain.errors import LmrtError

_AHEAD = 2
"""Parts for each connection that may be under way or wait, so that a slow one stops no other."""


@frozen
class _Part:
    """Bytes of the file from `start` up to `end`; what comes of them, then None or a failure."""

    start: int
    end: int
    come: "SimpleQueue[bytes | Exception | None]" = field(factory=SimpleQueue)


def receive_side_by_side(
    client: HubClient, listing: Listing, file: RemoteFile, arrival: Arrival, connections: int
) -> None:
    """Append what is missing of a file, or leave the rest where the server gives no parts.

    Raises:
        LmrtError: A part cannot be had; what came before it is appended.
        GateShutError: Nobody may change a file any more.
        OSError: The disk does not take it.
    """
    streams = _Streams(client, listing, file, arrival, connections)
    try:
        streams.append()
    except WholeFilesOnly:
        return
    finally:
        streams.stop()


class _Streams:
    """The connections of one file."""

    def __init__(
        self,
        client: HubClient,
        listing: Listing,
        file: RemoteFile,
        arrival: Arrival,
        connections: int,
    ) -> None:
        self._client = client
        self._listing = listing
        self._file = file
        self._arrival = arrival
        self._connections = connections
        step = client.policy.part
        starts = range(arrival.done, file.size, step)
        self._parts = [_Part(start, min(start + step, file.size)) for start in starts]
        self._waiting: Iterator[_Part] = iter(self._parts)
        self._slots = Semaphore(_AHEAD * connections)
        self._lock = Lock()
        self._come = arrival.done
        self._stopped = Event()

    def append(self) -> None:
        """Fetch the parts and append them; raises what a connection failed with."""
        for _ in range(min(self._connections, len(self._parts))):
            # A daemon: one that waits for a server must not keep the process from ending.
            Thread(target=self._run, name="lmrt-hub", daemon=True).start()
        for part in self._parts:
            while (come := part.come.get()) is not None:
                if isinstance(come, Exception):
                    raise come
                self._arrival.take(come)
                self._arrival.told(self._come)
            self._slots.release()

    def stop(self) -> None:
        """Let the connections end with what comes next."""
        self._stopped.set()
        self._slots.release(self._connections)

    def _run(self) -> None:
        while True:
            self._slots.acquire()
            with self._lock:
                part = None if self._stopped.is_set() else next(self._waiting, None)
            if part is None:
                return
            try:
                self._fetch(part)
            except Exception as error:  # noqa: BLE001 - it is raised where the part is awaited
                part.come.put(error)
                return
            part.come.put(None)

    def _fetch(self, part: _Part) -> None:
        """Take in a part, asking again after what may pass."""
        at, failures = part.start, 0
        policy = self._client.policy
        while at < part.end and not self._stopped.is_set():
            name = self._file.name
            try:
                with closing(self._client.chunks(self._listing, name, at, part.end)) as chunks:
                    for chunk in chunks:
                        if self._stopped.is_set():
                            return
                        at += len(chunk)
                        failures = 0
                        with self._lock:
                            self._come += len(chunk)
                        part.come.put(chunk)
            except LmrtError as error:
                failures += 1
                pause = policy.pause_after(error, failures)
                if pause is None:
                    raise
                self._arrival.watch.retried(in_short(error), pause)
