"""Sketches of a folder's files, to be compared with what the files themselves tell."""

from pathlib import Path

from attrs import evolve, frozen

from lmrt.domain.models import DescribedArtifact, LocalSource
from lmrt.domain.notices import HeadersIncomplete
from lmrt.ports.headers import HeaderSketcher
from lmrt.ports.models import ArtifactReader
from tests.support.remote_files import LocalFiles

MOST = 5_000_000
"""Bytes that may be fetched for any model: the law of the feature."""


@frozen
class Sketched:
    """What a reader tells of sketches.

    Attributes:
        described: The artifacts, without what belongs to the files' place.
        notices: What the sketcher said.
        files: How much was read.
        folder: Where the sketches are.
    """

    described: tuple[DescribedArtifact, ...]
    notices: tuple[HeadersIncomplete, ...]
    files: LocalFiles
    folder: Path


def sketched(
    sketcher: HeaderSketcher,
    reader: ArtifactReader,
    folder: Path,
    target: Path,
    *,
    room: int = MOST,
) -> Sketched:
    """Sketch the files of a folder into another one, made where missing, and read the sketches."""
    target.mkdir(parents=True, exist_ok=True)
    files = LocalFiles(folder, room)
    for name in files.sizes:
        (target / name).parent.mkdir(exist_ok=True)
    notices = sketcher.sketch(files, target)
    return Sketched(placeless(reader.read(target)), notices, files, target)


def placeless(described: tuple[DescribedArtifact, ...]) -> tuple[DescribedArtifact, ...]:
    """Return artifacts without the files' place and sizes, which a sketch does not have."""
    return tuple(
        evolve(
            one,
            artifact=evolve(
                one.artifact,
                source=LocalSource(Path()),
                files=tuple(evolve(file, size=0) for file in one.artifact.files),
            ),
        )
        for one in described
    )
