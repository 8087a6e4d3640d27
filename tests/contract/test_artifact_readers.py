"""What every `ArtifactReader` promises."""

from pathlib import Path

import pytest

from lmrt.adapters.gguf import GgufReader
from lmrt.adapters.safetensors import SafetensorsReader
from lmrt.domain.errors import LoadFailed
from lmrt.domain.messages import Modality
from lmrt.domain.models import LocalSource
from lmrt.ports.models import ArtifactReader
from tests.support.tiny_models import TinyModel, write_gguf, write_hf


class ArtifactReaderContract:
    """The promises; a subclass gives the reader and a model of its format."""

    reader: ArtifactReader

    def write(self, folder: Path) -> Path:
        """Write a model into the folder; return a file of its weights."""
        raise NotImplementedError

    def test_a_place_without_a_model_is_empty(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("hello")
        (tmp_path / "inner.gguf").mkdir()
        for place in (tmp_path, tmp_path / "notes.txt", tmp_path / "nothing"):
            assert self.reader.read(place) == ()

    def test_folders_below_are_not_read(self, tmp_path: Path) -> None:
        self.write(tmp_path / "below")
        assert self.reader.read(tmp_path) == ()

    def test_a_file_gives_what_its_folder_gives(self, tmp_path: Path) -> None:
        file = self.write(tmp_path / "model")
        assert self.reader.read(file) == self.reader.read(tmp_path / "model") != ()

    def test_files_lie_under_the_root_with_their_sizes_weights_first(self, tmp_path: Path) -> None:
        file = self.write(tmp_path)
        (found,) = self.reader.read(tmp_path)
        artifact = found.artifact
        assert artifact.source == LocalSource(tmp_path)
        assert artifact.files[0].path == file.name
        for entry in artifact.files:
            assert (tmp_path / entry.path).stat().st_size == entry.size
        assert 0 < artifact.weights.total <= artifact.size

    def test_sizes_agree_with_each_other(self, tmp_path: Path) -> None:
        self.write(tmp_path)
        (found,) = self.reader.read(tmp_path)
        weights, shape = found.artifact.weights, found.shape
        assert len(weights.layers) == len(shape.layers) == 2
        assert shape.parameters is not None
        bits = found.artifact.quantization.bits_per_weight
        assert 8 * weights.total == pytest.approx(bits * shape.parameters)
        assert Modality.TEXT in found.modalities

    def test_reading_twice_gives_the_same(self, tmp_path: Path) -> None:
        self.write(tmp_path)
        assert self.reader.read(tmp_path) == self.reader.read(tmp_path)

    def test_weights_that_are_cut_are_malformed(self, tmp_path: Path) -> None:
        file = self.write(tmp_path)
        file.write_bytes(file.read_bytes()[:-1])
        with pytest.raises(LoadFailed) as caught:
            self.reader.read(tmp_path)
        assert caught.value.code == "malformed-file"
        assert caught.value.context["path"] == str(file)

    def test_weights_themselves_are_not_read(self, tmp_path: Path) -> None:
        file = self.write(tmp_path)
        before = self.reader.read(tmp_path)
        data = bytearray(file.read_bytes())
        data[-64:] = b"\xff" * 64
        file.write_bytes(data)
        assert self.reader.read(tmp_path) == before


class TestGgufReader(ArtifactReaderContract):
    reader = GgufReader()

    def write(self, folder: Path) -> Path:
        return write_gguf(TinyModel(), folder / "tiny.gguf")


class TestSafetensorsReader(ArtifactReaderContract):
    reader = SafetensorsReader()

    def write(self, folder: Path) -> Path:
        return write_hf(TinyModel(), folder) / "model.safetensors"


def test_both_formats_of_one_model_have_the_same_shape(tmp_path: Path) -> None:
    model = TinyModel(layers=3, kv_heads=4, tied=True)
    (ours,) = GgufReader().read(write_gguf(model, tmp_path / "tiny.gguf"))
    (theirs,) = SafetensorsReader().read(write_hf(model, tmp_path / "tiny"))
    assert ours.shape == theirs.shape
    assert ours.artifact.weights == theirs.artifact.weights
    assert ours.trained_context == theirs.trained_context
    assert ours.chat_template == theirs.chat_template
