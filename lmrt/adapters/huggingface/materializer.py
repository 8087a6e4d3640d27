"""`HubMaterializer`: an artifact's files from the Hub, in the cache that other tools share."""

from pathlib import Path

from lmrt.adapters.huggingface.cache import default_cache
from lmrt.adapters.huggingface.client import HubClient
from lmrt.adapters.huggingface.disk import disk_errors
from lmrt.adapters.huggingface.errors import Place
from lmrt.adapters.huggingface.errors import offline as offline_error
from lmrt.adapters.huggingface.needed import needed_files
from lmrt.adapters.huggingface.transfer import Transfer
from lmrt.domain.downloads import DownloadEvent
from lmrt.domain.filenames import checked_names
from lmrt.domain.models import Artifact, HubSource, LocalSource
from lmrt.ports.models import DownloadProgress, Materializer


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
                if offline or self._client.offline:
                    raise offline_error(Place(self._client.endpoint, repository, commit))
                place = Place(self._client.endpoint, repository)
                listing = self._client.listing(repository, commit)
                for file in artifact.files:
                    self._client.file(listing, file.path)
                files = needed_files(listing, artifact)
                checked_names(file.name for file in files)
                tell = progress.on_event if progress is not None else _nobody
                cache = default_cache() if self._cache is None else self._cache
                with disk_errors(cache, place):
                    return Transfer(self._client, cache, listing, files, tell).run(place)


def _nobody(event: DownloadEvent) -> None:
    """Take an event where nobody follows."""
