"""The download of some files of one commit into the cache."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from lmrt.adapters.huggingface.arrival import Watch
from lmrt.adapters.huggingface.cache import folder_name, link, snapshot_folder, write_ref
from lmrt.adapters.huggingface.client import HubClient
from lmrt.adapters.huggingface.crew import Gate, side_by_side
from lmrt.adapters.huggingface.disk import check_room
from lmrt.adapters.huggingface.download import fetch_blob
from lmrt.adapters.huggingface.errors import Place
from lmrt.adapters.huggingface.listing import Listing, RemoteFile
from lmrt.adapters.huggingface.locks import held
from lmrt.adapters.huggingface.needed import present_bytes
from lmrt.domain.downloads import (
    REPOSITORY_LOCK,
    DownloadDone,
    DownloadEvent,
    DownloadFile,
    DownloadRetried,
    DownloadStarted,
    DownloadWaiting,
    FileProgress,
)
from lmrt.domain.filenames import name_fault

_OFTEN = 0.1
"""Seconds between two events of one file's progress."""

_SIDE_BY_SIDE = 4
"""Files under way at the same time: one connection alone seldom fills a fast line."""


class Transfer:
    """The download of some files of one commit.

    Args:
        client: Asks the Hub.
        cache: The cache's folder.
        listing: Where the files are listed.
        files: What to make present; their names are checked.
        tell: Is told what happens, one call at a time.
    """

    def __init__(
        self,
        client: HubClient,
        cache: Path,
        listing: Listing,
        files: tuple[RemoteFile, ...],
        tell: Callable[[DownloadEvent], None],
    ) -> None:
        self._client = client
        self._cache = cache
        self._listing = listing
        self._files = files
        self._tell = tell
        self._gate = Gate()
        self._connections = 1
        folder = folder_name(listing.repository)
        self._blobs = cache / folder / "blobs"
        self._locks = cache / ".locks" / folder
        self._snapshot = snapshot_folder(cache, listing.repository, listing.commit)

    def run(self, place: Place) -> Path:
        """Make the files present, and return the snapshot's folder.

        Raises:
            LmrtError: See `HubMaterializer.materialize`.
            OSError: The disk does not take them.
        """
        with held(self._locks / REPOSITORY_LOCK, self._waiting):
            missing = {file.etag: file for file in self._files if not self._here(file)}
            if missing:
                self._fetch(place, tuple(missing.values()))
            for file in self._files:
                if present_bytes(self._snapshot / file.name) != file.size:
                    link(self._blobs / file.etag, self._snapshot / file.name)
            for name in self._client.revisions(self._listing):
                if name != self._listing.commit and name_fault(name) is None:
                    write_ref(self._cache, self._listing.repository, name, self._listing.commit)
        return self._snapshot

    def _fetch(self, place: Place, missing: tuple[RemoteFile, ...]) -> None:
        begun = {file.etag: self._begun(file) for file in missing}
        check_room(self._cache, place, sum(f.size - begun[f.etag] for f in missing))
        told = tuple(
            DownloadFile(file.name, file.size, begun.get(file.etag, file.size))
            for file in self._files
        )
        self._tell(DownloadStarted(self._listing.repository, told))
        self._blobs.mkdir(parents=True, exist_ok=True)
        with ExitStack() as locks:
            for file in missing:
                locks.enter_context(held(self._locks / f"{file.etag}.lock", self._waiting))
            # Another tool may have fetched some while this one waited.
            wanted = [file for file in missing if not self._here(file)]
            large = sum(file.size > self._client.policy.part for file in wanted)
            self._connections = max(1, self._client.policy.connections // max(1, large))
            fetched = sum(side_by_side(self._fetch_one, wanted, _SIDE_BY_SIDE, self._gate))
        total = sum(file.size for file in self._files)
        self._tell(DownloadDone(self._listing.repository, total, fetched))

    def _fetch_one(self, file: RemoteFile) -> int:
        last = 0.0

        def came(done: int) -> None:
            nonlocal last
            if done == file.size or time.monotonic() - last >= _OFTEN:
                last = time.monotonic()
                with self._gate.passed():
                    self._tell(FileProgress(file.name, done, file.size))

        def retried(reason: str, seconds: float) -> None:
            with self._gate.passed():
                self._tell(DownloadRetried(file.name, reason, seconds))
            self._gate.wait(seconds)

        blob = self._blobs / file.etag
        watch = Watch(self._gate, came, retried)
        return fetch_blob(
            self._client, self._listing, file, blob, watch, connections=self._connections
        )

    def _here(self, file: RemoteFile) -> bool:
        """Return whether the content is in the cache, under its hash or its name."""
        places = (self._blobs / file.etag, self._snapshot / file.name)
        return any(present_bytes(place) == file.size for place in places)

    def _begun(self, file: RemoteFile) -> int:
        """Return the bytes that an interrupted download has left."""
        size = present_bytes(self._blobs / f"{file.etag}.incomplete") or 0
        return size if size <= file.size else 0

    def _waiting(self) -> None:
        self._tell(DownloadWaiting(self._listing.repository))
