"""One content on its way into the cache: resumed, verified, and only then given its name.

huggingface_hub's own download is not used: since version 1 it begins anew after every interruption,
with a file name of its own for each process, and its Xet transfers neither resume nor tell where
they are. The same bytes come over HTTP, for which the cache's layout has always had
`ETAG.incomplete`.
"""

import hashlib
import os
from contextlib import closing
from pathlib import Path
from typing import Any

from lmrt.adapters.huggingface.arrival import Arrival, Watch
from lmrt.adapters.huggingface.client import HubClient
from lmrt.adapters.huggingface.errors import Place, in_short
from lmrt.adapters.huggingface.listing import Listing, RemoteFile
from lmrt.adapters.huggingface.streams import receive_side_by_side
from lmrt.domain.errors import LmrtError, NotMaterialized

_LONGEST_ANSWER = 2**34
"""Bytes asked for at once: below the 50 GB to which the Hub's servers limit one answer."""

_PIECE = 2**20


def fetch_blob(
    client: HubClient,
    listing: Listing,
    file: RemoteFile,
    blob: Path,
    watch: Watch,
    *,
    connections: int = 1,
) -> int:
    """Download a content, going on where an earlier attempt ended; the caller holds its lock.

    Args:
        client: Asks the Hub.
        listing: Where the file is listed.
        file: The file.
        blob: Where the content goes, once it is whole and verified.
        watch: Is told how it goes.
        connections: How many it may come over at the same time.

    Returns:
        The bytes that came over the network.

    Raises:
        NotMaterialized: It cannot be downloaded, or is not what the Hub says that it is
            (`checksum-mismatch`); a wrong file is removed.
        OSError: The disk does not take it; what has come is kept.
    """
    part = blob.with_name(f"{blob.name}.incomplete")
    fetched = 0
    resumed = True
    while True:
        # Without a buffer: what is not written when the gate is shut must not be written later.
        with part.open("ab", buffering=0) as out:
            start, digest = _resumed(part, file)
            with watch.gate.passed():
                out.truncate(start)
            arrival = Arrival(out, start, digest, watch)
            _receive(client, listing, file, arrival, connections)
            fetched += arrival.done - start
            os.fsync(out.fileno())
        with watch.gate.passed():
            if digest.hexdigest() == file.etag:
                part.replace(blob)
                return fetched
            part.unlink()
        if not (resumed and start):
            raise _mismatch(client, listing, file, digest.hexdigest())
        resumed = False
        watch.retried("what had come before is damaged", 0.0)


def git_or_sha256(file: RemoteFile) -> Any:
    """Return a fresh hash, of the kind that the Hub tells for the file."""
    if file.sha256 is not None:
        return hashlib.sha256()
    return hashlib.sha1(b"blob %d\0" % file.size, usedforsecurity=False)


def _resumed(part: Path, file: RemoteFile) -> tuple[int, Any]:
    """Return how many bytes of an earlier attempt count, with their hash."""
    digest = git_or_sha256(file)
    size = part.stat().st_size
    if size > file.size:
        return 0, digest
    with part.open("rb") as known:
        while piece := known.read(_PIECE):
            digest.update(piece)
    return size, digest


def _receive(
    client: HubClient, listing: Listing, file: RemoteFile, arrival: Arrival, connections: int
) -> None:
    """Append what is missing, asking again after what may pass."""
    failures = 0
    arrival.told(arrival.done)
    # Where the server gives no parts, the rest comes over one connection.
    if connections > 1 and file.size - arrival.done > client.policy.part:
        receive_side_by_side(client, listing, file, arrival, connections)
    while arrival.done < file.size:
        done = arrival.done
        end = min(done + _LONGEST_ANSWER, file.size)
        try:
            with closing(client.chunks(listing, file.name, done, end, skipping=True)) as chunks:
                for chunk in chunks:
                    arrival.take(chunk)
                    failures = 0
                    arrival.told(arrival.done)
        except LmrtError as error:
            failures += 1
            pause = client.policy.pause_after(error, failures)
            if pause is None:
                raise
            arrival.watch.retried(in_short(error), pause)


def _mismatch(client: HubClient, listing: Listing, file: RemoteFile, got: str) -> NotMaterialized:
    place = Place(client.endpoint, listing.repository, listing.commit, file.name)
    return NotMaterialized(
        f"`{place}` came with other bytes than the Hub lists, and was removed",
        code="checksum-mismatch",
        context={**place.context, "wanted": file.etag, "got": got},
        note=f"its hash is {got[:12]}…, but must be {file.etag[:12]}…",
        hint="run again; where it stays, a proxy or the disk damages files",
    )
