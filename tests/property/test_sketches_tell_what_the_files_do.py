"""Whatever lies at a remote place, its sketch tells what the file tells, or less, never other."""

import random
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from attrs import define, frozen
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lmrt.adapters.gguf import GgufReader, GgufSketcher
from lmrt.adapters.safetensors import SafetensorsReader, SafetensorsSketcher
from lmrt.domain.errors import LoadFailed
from lmrt.domain.models import DescribedArtifact
from lmrt.ports.headers import HeaderSketcher, Span
from lmrt.ports.models import ArtifactReader
from tests.property.test_hostile_model_files import GGUF_HEADER, GGUFS, Damage, damaged, damages
from tests.support.gguf_bytes import GgufBytes
from tests.support.large_vocabularies import Variant, bpe_merges
from tests.support.remote_files import LocalFiles
from tests.support.sketches import placeless, sketched
from tests.support.tiny_models import TinyModel, write_hf

Told = tuple[DescribedArtifact, ...] | None


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def told(sketcher: HeaderSketcher, reader: ArtifactReader, folder: Path, room: int) -> Told:
    """Return what a sketch tells, None where it is refused; `LocalFiles` holds to the room."""
    with tempfile.TemporaryDirectory() as target:
        try:
            return sketched(sketcher, reader, folder, Path(target), room=room).described
        except LoadFailed:
            return None


def really_told(reader: ArtifactReader, folder: Path) -> Told:
    try:
        return placeless(reader.read(folder))
    except LoadFailed:
        return None


@given(file=st.sampled_from(GGUFS), changes=damages(GGUF_HEADER), room=st.integers(0, 20_000))
@example(file=GGUFS[0], changes=[], room=20_000)
@settings(max_examples=3 * settings().max_examples)
def test_a_damaged_gguf_is_told_as_it_is_or_not_at_all(
    folder: Path, file: bytes, changes: list[Damage], room: int
) -> None:
    place = folder / "damaged"
    place.mkdir(exist_ok=True)
    (place / "model.gguf").write_bytes(damaged(file, changes))
    real, found = really_told(GgufReader(), place), told(GgufSketcher(), GgufReader(), place, room)
    assert found == real or not found
    if room == 20_000:
        assert (found or None) == (real or None)


@frozen
class Vocabulary:
    """A vocabulary that is drawn from a seed.

    Attributes:
        count: Tokens.
        longest: Bytes of the longest.
        zeros: Whether tokens hold zero bytes.
        spaces: Whether they hold spaces.
        seed: Of their bytes.
    """

    count: int
    longest: int
    zeros: bool
    spaces: bool
    seed: int

    def tokens(self) -> tuple[str, ...]:
        chance = random.Random(self.seed)
        letters = "abcéß的🙂." + "\0" * self.zeros + " " * self.spaces
        return tuple(
            "".join(chance.choices(letters, k=chance.randint(0, self.longest)))
            for _ in range(self.count)
        )


VOCABULARIES = st.builds(
    Vocabulary,
    count=st.integers(1, 9000),
    longest=st.integers(0, 60),
    zeros=st.booleans(),
    spaces=st.booleans(),
    seed=st.integers(0, 999),
)


EMPTY = Vocabulary(9000, 0, zeros=False, spaces=False, seed=0)


def shuffled(file: GgufBytes, seed: int) -> GgufBytes:
    random.Random(seed).shuffle(file.pairs)
    return file


@given(
    vocabulary=VOCABULARIES,
    merges=st.integers(0, 5000),
    order=st.none() | st.integers(0, 999),
    data=st.integers(0, 999),
)
@example(EMPTY, 0, None, 0)
@settings(max_examples=max(settings().max_examples // 2, 20))
def test_any_vocabulary_is_passed_over_or_read(
    folder: Path, vocabulary: Vocabulary, merges: int, order: int | None, data: int
) -> None:
    """Also where keys stand in any order and the weights look like anything."""
    place = folder / "vocabulary"
    place.mkdir(exist_ok=True)
    variant = Variant(tokens=vocabulary.tokens(), merges=bpe_merges(merges), layers=2)
    file = variant.header() if order is None else shuffled(variant.header(), order)
    file.tensor("token_embd.weight", (64, 300)).tensor("output_norm.weight", (64,))
    file.data = random.Random(data).randbytes(len(file.data))
    (place / "model.gguf").write_bytes(file.build())
    real = really_told(GgufReader(), place)
    found = told(GgufSketcher(), GgufReader(), place, 5_000_000)
    assert real is not None
    assert found == real


@pytest.fixture(scope="module")
def directory(folder: Path) -> Path:
    return write_hf(TinyModel(layers=1, hidden=8, heads=2, feed_forward=8), folder / "tiny")


@given(changes=damages(900), room=st.integers(0, 40_000))
@settings(max_examples=2 * settings().max_examples)
def test_a_damaged_directory_is_told_as_it_is_or_not_at_all(
    directory: Path, changes: list[Damage], room: int
) -> None:
    path = directory / "model.safetensors"
    sound = path.read_bytes()
    path.write_bytes(damaged(sound, changes))
    try:
        reader = SafetensorsReader()
        real = really_told(reader, directory)
        found = told(SafetensorsSketcher(), reader, directory, room)
    finally:
        path.write_bytes(sound)
    assert found == real or not found


@define
class Noise(LocalFiles):
    """Files of any bytes and of any size that are claimed."""

    seed: int = 0
    claimed: int = 0

    def __attrs_post_init__(self) -> None:
        self.sizes = {"model.gguf": self.claimed, "model.safetensors": self.claimed}
        self.sizes |= {"config.json": 10}

    def _read(self, span: Span) -> bytes:
        start = b"GGUF\3\0\0\0" if span.start == 0 else b""
        return (start + random.Random(self.seed ^ span.start).randbytes(span.size))[: span.size]


@given(seed=st.integers(0, 999), claimed=st.integers(0, 2**40))
def test_noise_of_any_size_is_refused_after_a_bounded_effort(seed: int, claimed: int) -> None:
    for sketcher in (GgufSketcher(), SafetensorsSketcher()):
        files = Noise(Path("nowhere"), seed=seed, claimed=claimed)
        with tempfile.TemporaryDirectory() as target, suppress(LoadFailed):
            sketcher.sketch(files, Path(target))
        assert files.rounds < 100
