"""What every `ModelSource` promises."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve

from lmrt.adapters.catalogue import CatalogueSource, OwnVariantsSource
from lmrt.adapters.filesystem import LocalModelSource
from lmrt.adapters.gguf import GgufReader
from lmrt.adapters.huggingface import HubClient
from lmrt.adapters.safetensors import SafetensorsReader
from lmrt.domain.catalogue import Catalogue, Variant
from lmrt.domain.errors import LoadFailed
from lmrt.domain.models import ArtifactFormat
from lmrt.domain.references import (
    Alias,
    HubRepository,
    Interpretation,
    LocalPath,
    Lookup,
    UnderModelsDir,
)
from lmrt.ports.models import ModelSource
from tests.support.downloads import hub_source
from tests.support.hub_server import HubServer
from tests.support.tiny_models import TinyModel, write_gguf, write_hf
from tests.support.variants import tiny_catalogue

READERS = (GgufReader(), SafetensorsReader())


class ModelSourceContract:
    """The promises; a subclass gives the source and says where its models lie."""

    reading: Interpretation
    offline = False
    ids = ("tiny.gguf", "SAFETENSORS")

    def lookup(self, root: Path) -> Lookup:
        return Lookup(root / "models", self.offline)

    def place(self, root: Path) -> Path:
        """Return the folder that `reading` leads to."""
        raise NotImplementedError

    def source(self, root: Path) -> ModelSource:
        """Return the source, made for models that lie under `root`."""
        raise NotImplementedError

    def write(self, root: Path) -> Path:
        folder = write_hf(TinyModel(), self.place(root))
        write_gguf(TinyModel(), folder / "tiny.gguf")
        return folder

    def test_a_model_has_every_artifact_with_an_id_of_its_own(self, tmp_path: Path) -> None:
        folder = self.write(tmp_path)
        found = self.source(tmp_path).find(self.reading, self.lookup(tmp_path))
        assert found is not None
        assert tuple(artifact.id for artifact in found.artifacts) == self.ids
        for artifact in found.artifacts:
            for file in artifact.files:
                assert (folder / file.path).is_file()

    def test_finding_twice_gives_the_same(self, tmp_path: Path) -> None:
        self.write(tmp_path)
        source, models = self.source(tmp_path), self.lookup(tmp_path)
        assert source.find(self.reading, models) == source.find(self.reading, models)

    def test_a_malformed_file_is_told(self, tmp_path: Path) -> None:
        (self.write(tmp_path) / "tiny.gguf").write_bytes(b"GGUF")
        with pytest.raises(LoadFailed):
            self.source(tmp_path).find(self.reading, self.lookup(tmp_path))

    def test_nothing_is_found_where_nothing_is(self, tmp_path: Path) -> None:
        source = self.source(tmp_path)
        assert source.find(Alias("nothing"), self.lookup(tmp_path)) is None
        assert source.discover(tmp_path / "models") == ()

    def test_known_names_are_sorted_and_without_doubles(self, tmp_path: Path) -> None:
        self.write(tmp_path)
        names = self.source(tmp_path).known_names(tmp_path / "models")
        assert list(names) == sorted(set(names))
        assert names

    def test_broken_models_are_left_out_of_discovery(self, tmp_path: Path) -> None:
        (self.write(tmp_path) / "config.json").write_text("{")
        found = self.source(tmp_path).discover(tmp_path / "models")
        assert all("SAFETENSORS" not in [a.id for a in model.artifacts] for model in found)


class LocalContract(ModelSourceContract):
    def source(self, root: Path) -> ModelSource:
        return LocalModelSource(READERS, {"guide": root / "guide"})


class TestUnderModelsDir(LocalContract):
    reading = UnderModelsDir("org/tiny")

    def place(self, root: Path) -> Path:
        return root / "models" / "org" / "tiny"


class TestBundled(LocalContract):
    reading = Alias("guide")

    def place(self, root: Path) -> Path:
        return root / "guide"


class TestLocalPath(LocalContract):
    reading = LocalPath("~/tiny")

    @pytest.fixture(autouse=True)
    def home(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))

    def place(self, root: Path) -> Path:
        return root / "tiny"


COMMIT = "0" * 40
REPOSITORY = f"org/name@{COMMIT}"


class TestHubCache(ModelSourceContract):
    """A repository of which a commit is cached, while nobody may be asked."""

    reading: Interpretation = HubRepository("org/name", revision=COMMIT)
    offline = True

    def place(self, root: Path) -> Path:
        return root / "hub" / "models--org--name" / "snapshots" / COMMIT

    def source(self, root: Path) -> ModelSource:
        return hub_source(root / "hub")


class TestCatalogue(TestHubCache):
    """A name of a catalogue with one repository."""

    reading = Alias("tiny")
    ids = (f"{REPOSITORY}/tiny.gguf", REPOSITORY)

    def source(self, root: Path) -> ModelSource:
        variant = Variant(ArtifactFormat.GGUF, HubRepository("org/name", revision=COMMIT))
        entry = evolve(tiny_catalogue().entries[0], variants=(variant,))
        return CatalogueSource(hub_source(root / "hub"), lambda: Catalogue((entry,)))


class TestListOfVariants(TestHubCache):
    """An alias of one's own that lists a repository."""

    reading = Alias("mine")
    ids = (f"{REPOSITORY}/tiny.gguf", REPOSITORY)

    def source(self, root: Path) -> ModelSource:
        local, hub = LocalModelSource(READERS, {}), hub_source(root / "hub")
        return OwnVariantsSource({"mine": (REPOSITORY,)}, local, hub, tiny_catalogue)


class TestHubCacheWithoutANetwork(TestHubCache):
    """The same, while nobody answers."""

    offline = False


class TestHub(ModelSourceContract):
    """A repository that is served, and in part cached: its name is known, its files are not."""

    reading = HubRepository("org/name")

    @pytest.fixture(autouse=True)
    def hub(self, tmp_path: Path) -> Iterator[None]:
        with HubServer() as self.server:
            yield

    def place(self, root: Path) -> Path:
        return root / "served"

    def source(self, root: Path) -> ModelSource:
        if self.place(root).is_dir():
            self.server.add("org/name", self.place(root))
            (root / "hub" / "models--org--name").mkdir(parents=True, exist_ok=True)
        return hub_source(root / "hub", HubClient(self.server.url))

    def test_a_malformed_file_is_told(self, tmp_path: Path) -> None:
        """The other format can still be had, so it is told by a notice."""
        (self.write(tmp_path) / "tiny.gguf").write_bytes(b"GGUF")
        found = self.source(tmp_path).find(self.reading, self.lookup(tmp_path))
        assert found is not None
        assert [artifact.id for artifact in found.artifacts] == ["SAFETENSORS"]
        (notice,) = found.notices
        assert "tiny.gguf" in notice.message
