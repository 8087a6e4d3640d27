"""`HubModelSource`: repositories on the Hub and in its local cache."""

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from attrs import evolve

from lmrt.adapters.huggingface.asking import Told, outcome, told_together
from lmrt.adapters.huggingface.cache import (
    default_cache,
    repositories,
    snapshot,
    snapshot_folder,
)
from lmrt.adapters.huggingface.choosing import chosen
from lmrt.adapters.huggingface.client import HubClient
from lmrt.adapters.huggingface.errors import PASSING, Place, offline
from lmrt.adapters.huggingface.listing import Listing
from lmrt.adapters.huggingface.metadata import HubMetadata
from lmrt.adapters.huggingface.metadata_cached import told_with_cache
from lmrt.adapters.huggingface.needed import lies_whole, needed_files
from lmrt.adapters.huggingface.reading import read_repository
from lmrt.domain.describe import merged, one_model, several_models
from lmrt.domain.errors import LmrtError, ModelNotFound, NotMaterialized
from lmrt.domain.files import unreadable
from lmrt.domain.models import DescribedArtifact, HubSource, LocalSource, ResolvedModel
from lmrt.domain.notices import CachedCopyUsed, HeadersIncomplete
from lmrt.domain.references import HubRepository, Interpretation, Lookup
from lmrt.ports.models import ArtifactReader, DownloadProgress

_COMMIT = re.compile(r"[0-9a-f]{40}")
_NO_ACCESS = frozenset(
    {
        "access-refused",
        "gated-repository",
        "malformed-answer",
        "not-logged-in",
        "repository-not-found",
        "token-refused",
    }
)


class HubModelSource:
    """Finds repositories on the Hub and in the Hugging Face cache; a `RepositorySource`.

    The Hub says which commit a name stands at and what there is; what lies whole in the cache at
    that commit is taken from there. Where the Hub does not answer, the cached copy counts, with a
    notice. Offline only the cache counts, and no socket is opened.

    Args:
        readers: Readers of artifact formats; the first one's facts count where they differ.
        client: Asks the Hub.
        metadata: Describes what is not here.
        cache: The cache's folder. Default: the one that `huggingface_hub` uses.
        progress: Told which repositories are asked, and how much of them is read.
    """

    def __init__(
        self,
        readers: Sequence[ArtifactReader],
        client: HubClient,
        metadata: HubMetadata,
        cache: Path | None = None,
        progress: DownloadProgress | None = None,
    ) -> None:
        self._readers = tuple(readers)
        self._client = client
        self._metadata = metadata
        self._cache = cache
        self._progress = progress

    def find(self, interpretation: Interpretation, lookup: Lookup) -> ResolvedModel | None:
        """Return the model of a Hub reference, or None for any other reading.

        Raises:
            ModelNotFound: There is no such repository, revision, variant or file
                (`repository-not-found` …), or it holds no model (`no-model-files`).
            NotMaterialized: The Hub gives no answer and nothing is cached, or lmrt is offline
                (`not-downloaded`).
            ConfigurationError: It holds several models (`invalid-reference`), or the cache may not
                be read (`unreadable-input`).
            LoadFailed: A file is malformed (`malformed-file`).
        """
        match interpretation:
            case HubRepository() as wanted:
                (found,) = self.find_together((wanted,), lookup)
                if isinstance(found, LmrtError):
                    raise found
                return found
            case _:
                return None

    def find_together(
        self, wanted: Sequence[HubRepository], lookup: Lookup
    ) -> tuple[ResolvedModel | LmrtError, ...]:
        """Return what each repository holds; see `RepositorySource.find_together`."""
        if lookup.offline or self._client.offline:
            return tuple(outcome(partial(self._cached, one)) for one in wanted)
        told = told_together(self._client, self._metadata, wanted, self._progress)
        return tuple(
            outcome(partial(self._asked, one, of_it))
            for one, of_it in zip(wanted, told, strict=True)
        )

    def discover(self, models_dir: Path) -> tuple[ResolvedModel, ...]:  # noqa: ARG002 - the port's
        """Return nothing: the cache does not lie under `models_dir`."""
        return ()

    def known_names(self, models_dir: Path) -> tuple[str, ...]:  # noqa: ARG002 - the port's
        """Return the repositories in the cache."""
        return repositories(self._folder())

    def _folder(self) -> Path:
        return default_cache() if self._cache is None else self._cache

    def _asked(self, wanted: HubRepository, told: Told) -> ResolvedModel:
        """Return the model as the Hub has it now, else as it is cached."""
        try:
            return self._listed(wanted, told)
        except (NotMaterialized, ModelNotFound) as error:
            if error.code not in PASSING | _NO_ACCESS:
                raise
            try:
                found = self._cached(wanted)
            except (NotMaterialized, ModelNotFound):
                raise error from None
            commit = found.location.rpartition("@")[2]
            notice = CachedCopyUsed(wanted.repository, commit, error.message)
            return evolve(found, notices=(notice,))

    def _listed(self, wanted: HubRepository, told: Told) -> ResolvedModel:
        listing = told.listing
        if isinstance(listing, LmrtError):
            raise listing
        place = snapshot_folder(self._folder(), listing.repository, listing.commit)
        try:
            described = told_with_cache(told.described, place, self._readers)
        except OSError as error:
            raise unreadable(place, error) from error
        if not described.artifacts:
            raise _no_model(wanted, listing)
        try:
            found = chosen(wanted, described.artifacts, f"at commit {listing.commit[:7]}")
        except ModelNotFound as error:
            # It may be there, but too large to be described, or malformed.
            error.note = next((one.message for one in described.notices), error.note)
            raise
        model = _model(wanted, listing.commit, [self._placed(one, listing) for one in found])
        return evolve(model, notices=_concerning(wanted, found, described.notices))

    def _placed(self, one: DescribedArtifact, listing: Listing) -> DescribedArtifact:
        """Return the artifact with its source: the cache where it lies there whole."""
        place = snapshot_folder(self._folder(), listing.repository, listing.commit)
        here = lies_whole(place, needed_files(listing, one.artifact))
        source = LocalSource(place) if here else HubSource(listing.repository, listing.commit)
        return evolve(one, artifact=evolve(one.artifact, source=source))

    def _cached(self, wanted: HubRepository) -> ResolvedModel:
        place = snapshot(self._folder(), wanted.repository, wanted.revision)
        try:
            reading = None if place is None else read_repository(place, self._readers)
        except OSError as error:
            raise unreadable(self._folder(), error) from error
        if place is None or reading is None or not reading.described:
            lacks = reading.incomplete[0] if reading and reading.incomplete else None
            raise self._not_cached(wanted, lacks)
        found = chosen(wanted, reading.described, "in the Hugging Face cache")
        return _model(wanted, place.name, found)

    def _not_cached(self, wanted: HubRepository, lacks: str | None) -> LmrtError:
        place = Place(self._client.endpoint, wanted.repository, wanted.revision, wanted.file)
        return offline(place, lacks)


def _model(
    wanted: HubRepository, commit: str, described: Sequence[DescribedArtifact]
) -> ResolvedModel:
    if not one_model(described):
        raise several_models(wanted.repository, described)
    return merged(
        described,
        reference=str(wanted),
        location=f"{wanted.repository}@{commit}",
        resolved_as="hub",
        fallback_name=wanted.repository.rpartition("/")[2],
    )


def _concerning(
    wanted: HubRepository,
    found: Sequence[DescribedArtifact],
    notices: Sequence[HeadersIncomplete],
) -> tuple[HeadersIncomplete, ...]:
    """Return the notices that matter: those of other files do not where a file was named."""
    if wanted.variant is None and wanted.file is None:
        return tuple(notices)
    files = {file.path for one in found for file in one.artifact.files}
    return tuple(notice for notice in notices if not files.isdisjoint(notice.files))


def _no_model(wanted: HubRepository, listing: Listing) -> ModelNotFound:
    names = [file.name for file in listing.files]
    return ModelNotFound(
        f"`{wanted.repository}` holds no model that lmrt knows",
        code="no-model-files",
        context={"repository": wanted.repository, "commit": listing.commit, "files": names[:20]},
        note="looked for GGUF files, for `config.json` beside `model*.safetensors`, and for pickle "
        "weights",
        hint="look for another repository of the model",
    )
