"""Which models hold the same weights, over any world of stored files."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lmrt.domain.duplicates import duplicates
from lmrt.domain.messages import Modality
from lmrt.domain.models import ArtifactFormat
from lmrt.domain.stores import (
    FileIdentity,
    Sha256,
    StoredFile,
    StoredModel,
    StoreName,
    bytes_on_disk,
)

Content = int
"""Stands for the bytes of a file; its size and hash follow from it."""


def _size(content: Content) -> int:
    return 100 + content % 3  # some contents have the same size


@st.composite
def _worlds(draw: st.DrawFn) -> tuple[list[StoredModel], dict[Path, Content]]:
    """Draw models whose files share contents, inodes and sizes in every way."""
    contents = draw(st.lists(st.integers(0, 6), min_size=1, max_size=8))
    disk = dict(enumerate(contents))
    models, truth = [], {}
    for number in range(draw(st.integers(0, 6))):
        files = []
        for part in range(draw(st.integers(1, 2))):
            inode = draw(st.sampled_from(sorted(disk)))
            path = Path(f"/{number}/{part}")
            known = Sha256(str(disk[inode])) if draw(st.booleans()) else None
            files.append(StoredFile(path, _size(disk[inode]), FileIdentity(1, inode), known))
            truth[path] = disk[inode]
        models.append(_model(f"m{number}", tuple(files)))
    return models, truth


def _model(name: str, weights: tuple[StoredFile, ...]) -> StoredModel:
    return StoredModel(
        store=StoreName.MODELS_DIR,
        name=name,
        title=name,
        reference=name,
        format=ArtifactFormat.GGUF,
        quantization="F16",
        architecture="llama",
        modalities=frozenset({Modality.TEXT}),
        trained_context=None,
        parameters=None,
        location=Path("/") / name,
        weights=weights,
    )


@given(_worlds())
def test_only_the_same_content_is_a_duplicate(
    world: tuple[list[StoredModel], dict[Path, Content]],
) -> None:
    models, truth = world
    for found in duplicates(models, lambda file: str(truth[file.path])):
        told = {tuple(sorted(truth[file.path] for file in one.weights)) for one in found.models}
        assert len(told) == 1


@given(_worlds())
def test_every_copy_is_in_one_group(
    world: tuple[list[StoredModel], dict[Path, Content]],
) -> None:
    models, truth = world
    found = duplicates(models, lambda file: str(truth[file.path]))
    group = {model.name: number for number, one in enumerate(found) for model in one.models}
    for one in models:
        for other in models:
            same = sorted(truth[file.path] for file in one.weights) == sorted(
                truth[file.path] for file in other.weights
            )
            inodes = [{file.identity for file in model.weights} for model in (one, other)]
            if same and inodes[0] != inodes[1]:
                assert group[one.name] == group[other.name]


@given(_worlds())
def test_waste_is_what_goes_when_one_copy_stays(
    world: tuple[list[StoredModel], dict[Path, Content]],
) -> None:
    models, truth = world
    for found in duplicates(models, lambda file: str(truth[file.path])):
        every = bytes_on_disk(tuple(file for one in found.models for file in one.weights))
        least = min(bytes_on_disk(one.weights) for one in found.models)
        assert found.copies >= 2
        assert 0 <= found.wasted <= every - least


@given(_worlds())
def test_samples_alike_do_not_overrule_recorded_hashes(
    world: tuple[list[StoredModel], dict[Path, Content]],
) -> None:
    models, _ = world
    for found in duplicates(models, lambda file: str(file.size)):  # a sample that tells nothing
        if found.proven:
            digests = {
                tuple(sorted(file.content.digest for file in one.weights if file.content))
                for one in found.models
            }
            assert len(digests) == 1


@given(_worlds(), st.randoms())
def test_the_order_of_models_does_not_matter(
    world: tuple[list[StoredModel], dict[Path, Content]], random: object
) -> None:
    models, truth = world
    shuffled = list(models)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    def sample(file: StoredFile) -> str:
        return str(truth[file.path])

    assert duplicates(models, sample) == duplicates(shuffled, sample)
