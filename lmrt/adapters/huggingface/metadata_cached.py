"""What the Hugging Face cache tells better than the headers that were read of the Hub."""

from collections.abc import Sequence
from pathlib import Path

from lmrt.adapters.huggingface.metadata import Described
from lmrt.adapters.huggingface.reading import read_repository
from lmrt.domain.errors import LmrtError
from lmrt.ports.models import ArtifactReader


def told_with_cache(
    told: Described | LmrtError, snapshot: Path, readers: Sequence[ArtifactReader]
) -> Described:
    """Return the artifacts of a repository; one that was not read in full counts as it is cached.

    Args:
        told: What the headers on the Hub told, or why they told nothing.
        snapshot: The folder that the cache has for the commit, whether or not it exists.
        readers: Of artifact formats.

    Raises:
        LmrtError: What the headers told, unless it was too much to read; or as the readers.
        OSError: The cache may not be read.
    """
    failure: LmrtError | None = None
    if isinstance(told, LmrtError):
        if told.code != "headers-too-large":
            raise told
        described, failure = Described(()), told
    else:
        described = told
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
