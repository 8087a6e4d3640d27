"""What the Hugging Face cache tells better than the headers that were read of the Hub."""

from collections.abc import Sequence
from pathlib import Path

from lmrt.adapters.huggingface.listing import Listing
from lmrt.adapters.huggingface.metadata import Described, HubMetadata
from lmrt.adapters.huggingface.reading import read_repository
from lmrt.domain.errors import NotMaterialized
from lmrt.ports.models import ArtifactReader


def describe_with_cache(
    metadata: HubMetadata, listing: Listing, snapshot: Path, readers: Sequence[ArtifactReader]
) -> Described:
    """Return the artifacts of a listing; one that was not read in full counts as it is cached.

    Args:
        metadata: Describes what is on the Hub.
        listing: What there is.
        snapshot: The folder that the cache has for its commit, whether or not it exists.
        readers: Of artifact formats.

    Raises:
        LmrtError: As `HubMetadata.describe`, or as the readers.
        OSError: The cache may not be read.
    """
    failure: NotMaterialized | None = None
    try:
        described = metadata.describe(listing)
    except NotMaterialized as error:
        if error.code != "headers-too-large":
            raise
        described, failure = Described(()), error
    if failure is None and not described.notices:
        return described
    cached = read_repository(snapshot, readers).described if snapshot.is_dir() else ()
    if failure is not None and not cached:
        raise failure
    exact = {one.artifact.id: one for one in cached}
    known = {one.artifact.id for one in described.artifacts}
    files = {file.path for one in cached for file in one.artifact.files}
    return Described(
        (
            *(exact.get(one.artifact.id, one) for one in described.artifacts),
            *(one for one in cached if one.artifact.id not in known),
        ),
        tuple(notice for notice in described.notices if not files.issuperset(notice.files)),
    )
