"""The artifacts of a folder that is laid out like a repository: a snapshot, a sketch."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from attrs import evolve, frozen

from lmrt.domain.errors import LoadFailed
from lmrt.domain.models import ArtifactFile, DescribedArtifact, LocalSource
from lmrt.ports.models import ArtifactReader


@frozen
class Reading:
    """What a folder holds.

    Attributes:
        described: Its artifacts, in a stable order; their files lie under the folder itself.
        incomplete: Of each artifact that lacks files, what it lacks, in one clause.
    """

    described: tuple[DescribedArtifact, ...]
    incomplete: tuple[str, ...]


def read_repository(root: Path, readers: Sequence[ArtifactReader]) -> Reading:
    """Return the artifacts of a folder and of the folders in it that hold GGUFs.

    Large GGUFs often lie in a folder each. What lacks files, as after an interrupted download,
    does not hide the rest.

    Raises:
        LoadFailed: A file is malformed (`malformed-file`).
        ConfigurationError: A file may not be read (`unreadable-input`).
        OSError: The folder may not be read.
    """
    below = sorted({file.parent for file in root.glob("*/*.gguf")})
    described: list[DescribedArtifact] = []
    incomplete: list[str] = []
    for folder in (root, *below):
        for reader in readers:
            described += (_under(root, folder, one) for one in _read(reader, folder, incomplete))
    return Reading(tuple(described), tuple(incomplete))


def _read(
    reader: ArtifactReader, folder: Path, incomplete: list[str]
) -> Iterator[DescribedArtifact]:
    """Yield the artifacts of a folder; where one lacks files, those of the others."""
    try:
        yield from reader.read(folder)
    except LoadFailed as error:
        if "missing" not in error.context:
            raise
        incomplete.append(error.message)
    else:
        return
    seen: set[str] = set()
    for file in sorted(path for path in folder.iterdir() if path.is_file()):
        try:
            found = reader.read(file)
        except LoadFailed as error:
            if "missing" not in error.context:
                raise
            continue
        for one in found:
            if one.artifact.id not in seen:
                seen.add(one.artifact.id)
                yield one


def _under(root: Path, folder: Path, one: DescribedArtifact) -> DescribedArtifact:
    """Return the artifact as one of the whole repository, so that its id is unique in it."""
    if folder == root:
        return one
    name = folder.relative_to(root).as_posix()
    artifact = evolve(
        one.artifact,
        id=f"{name}/{one.artifact.id}",
        files=tuple(ArtifactFile(f"{name}/{file.path}", file.size) for file in one.artifact.files),
        source=LocalSource(root),
    )
    return evolve(one, artifact=artifact)
