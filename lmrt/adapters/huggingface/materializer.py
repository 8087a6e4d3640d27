"""`HubMaterializer`: an artifact's files from the Hub, in the cache that other tools share."""

import time
from collections.abc import Callable
from pathlib import Path

from lmrt.adapters.huggingface.cache import (
    default_cache,
    folder_name,
    link,
    snapshot_folder,
    write_ref,
)
from lmrt.adapters.huggingface.client import HubClient
from lmrt.adapters.huggingface.disk import check_room, disk_errors
from lmrt.adapters.huggingface.download import Watch, fetch_blob
from lmrt.adapters.huggingface.errors import Place
from lmrt.adapters.huggingface.errors import offline as offline_error
from lmrt.adapters.huggingface.listing import Listing, RemoteFile
from lmrt.adapters.huggingface.locks import held
from lmrt.adapters.huggingface.needed import needed_files, present_bytes
from lmrt.domain.downloads import (
    DownloadDone,
    DownloadEvent,
    DownloadFile,
    DownloadRetried,
    DownloadStarted,
    DownloadWaiting,
    FileProgress,
)
from lmrt.domain.filenames import checked_names, name_fault
from lmrt.domain.models import Artifact, HubSource, LocalSource
from lmrt.ports.models import DownloadProgress, Materializer

_OFTEN = 0.1
"""Seconds between two events of one file's progress."""


class HubMaterializer:
    """Downloads what is not here, and checks what is; a `Materializer`.

    Files of one repository are downloaded by one process at a time. An interrupted download goes on
    where it ended; names appear in the snapshot only once every content is here and verified.

    Args:
        client: Asks the Hub.
        local: Checks artifacts that lie on this machine.
        cache: The cache's folder. Default: the one that `huggingface_hub` uses.
    """

    def __init__(self, client: HubClient, local: Materializer, cache: Path | None = None) -> None:
        self._client = client
        self._local = local
        self._cache = cache

    def materialize(
        self,
        artifact: Artifact,
        *,
        offline: bool = False,
        progress: DownloadProgress | None = None,
    ) -> Path:
        """Return the folder that holds the artifact's files, downloaded where they were not here.

        Raises:
            NotMaterialized: They are not here and cannot be had; see
                `lmrt.adapters.huggingface.errors`. A full disk is `disk-full`, other bytes than
                the Hub lists are `checksum-mismatch`, names that lead elsewhere are
                `hostile-file-name`.
            ModelNotFound: They are gone from the Hub.
        """
        match artifact.source:
            case LocalSource():
                return self._local.materialize(artifact, offline=offline, progress=progress)
            case HubSource(repository, commit):
                place = Place(self._client.endpoint, repository, commit)
                if offline or self._client.offline:
                    raise offline_error(place)
                listing = self._client.listing(repository, commit)
                for file in artifact.files:
                    self._client.file(listing, file.path)
                files = needed_files(listing, artifact)
                checked_names(file.name for file in files)
                tell = progress.on_event if progress is not None else _nobody
                cache = default_cache() if self._cache is None else self._cache
                with disk_errors(cache, place):
                    return _Download(self._client, cache, listing, files, tell).run(place)


class _Download:
    """The download of some files of one commit."""

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
        folder = folder_name(listing.repository)
        self._blobs = cache / folder / "blobs"
        self._locks = cache / ".locks" / folder
        self._snapshot = snapshot_folder(cache, listing.repository, listing.commit)

    def run(self, place: Place) -> Path:
        """Make the files present, and return the snapshot's folder."""
        with held(self._locks / "lmrt.lock", self._waiting):
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
        fetched = 0
        for file in missing:
            with held(self._locks / f"{file.etag}.lock", self._waiting):
                # Another tool may have fetched it while this one waited.
                if not self._here(file):
                    fetched += self._fetch_one(file)
        total = sum(file.size for file in self._files)
        self._tell(DownloadDone(self._listing.repository, total, fetched))

    def _fetch_one(self, file: RemoteFile) -> int:
        last = 0.0

        def came(done: int) -> None:
            nonlocal last
            if done == file.size or time.monotonic() - last >= _OFTEN:
                last = time.monotonic()
                self._tell(FileProgress(file.name, done, file.size))

        def retried(reason: str, seconds: float) -> None:
            self._tell(DownloadRetried(file.name, reason, seconds))

        blob = self._blobs / file.etag
        blob.unlink(missing_ok=True)
        return fetch_blob(self._client, self._listing, file, blob, Watch(came, retried))

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


def _nobody(event: DownloadEvent) -> None:
    """Take an event where nobody follows."""
