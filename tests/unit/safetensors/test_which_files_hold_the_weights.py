"""One file, shards, pickles: every file of the model is there and inside of its folder."""

from pathlib import Path

import pytest

from lmrt.adapters.safetensors import SafetensorsReader
from lmrt.domain.errors import ConfigurationError, LoadFailed
from lmrt.domain.models import Artifact, ArtifactFormat, WeightBytes
from tests.support.safetensors_bytes import (
    LLAMA_TENSORS,
    tensors,
    write_directory,
    write_index,
    write_shards,
)


def artifact(place: Path) -> Artifact:
    (found,) = SafetensorsReader().read(place)
    return found.artifact


def refused(place: Path) -> LoadFailed:
    with pytest.raises(LoadFailed) as caught:
        SafetensorsReader().read(place)
    assert caught.value.code == "malformed-file"
    return caught.value


def test_shards_are_the_files_of_one_artifact(tmp_path: Path) -> None:
    shards = write_shards(tmp_path / "shards", 3)
    whole = artifact(write_directory(tmp_path / "whole"))
    found = artifact(tmp_path / "shards")
    assert [file.path for file in found.files[:3]] == [shard.name for shard in shards]
    assert "model.safetensors.index.json" in [file.path for file in found.files]
    assert found.weights == whole.weights


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    shards = write_shards(tmp_path)
    shards[1].unlink()
    error = refused(tmp_path)
    assert error.context["missing"] == [shards[1].name]
    assert shards[1].name in error.message


def test_shards_without_an_index_must_be_complete(tmp_path: Path) -> None:
    shards = write_shards(tmp_path)
    (tmp_path / "model.safetensors.index.json").unlink()
    assert len(artifact(tmp_path).files) == 3
    shards[0].unlink()
    assert refused(tmp_path).context["missing"] == [shards[0].name]


def test_one_file_counts_before_an_index(tmp_path: Path) -> None:
    write_shards(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(tensors(LLAMA_TENSORS))
    assert artifact(tmp_path).files[0].path == "model.safetensors"


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../secret.safetensors", "a/../../secret.safetensors", "", ".", "x\\y", "C:x",
     "a\0b"],
)  # fmt: skip
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "model"
    write_shards(folder)
    (tmp_path / "secret.safetensors").write_bytes(tensors(LLAMA_TENSORS))
    write_index(folder, dict.fromkeys(LLAMA_TENSORS, name))
    assert "which is no file of its folder" in refused(folder).message


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shards = write_shards(folder)
    outside = tmp_path / "outside.safetensors"
    shards[0].rename(outside)
    shards[0].symlink_to(outside)
    assert "outside of its folder" in refused(folder).message


def test_a_link_to_itself_is_missing(tmp_path: Path) -> None:
    shards = write_shards(tmp_path)
    shards[0].unlink()
    shards[0].symlink_to(shards[0])
    assert refused(tmp_path).context["missing"] == [shards[0].name]


def test_links_into_a_hub_cache_s_blobs_are_followed(tmp_path: Path) -> None:
    snapshot = tmp_path / "models--a--b" / "snapshots" / ("0" * 40)
    blobs = tmp_path / "models--a--b" / "blobs"
    blobs.mkdir(parents=True)
    write_shards(snapshot)
    for number, path in enumerate(sorted(snapshot.iterdir())):
        path.rename(blobs / str(number))
        path.symlink_to(Path("../../blobs") / str(number))
    assert artifact(snapshot).weights == artifact(write_directory(tmp_path / "whole")).weights


@pytest.mark.parametrize("places", [{}, [], {"a": 1}, "x", None])
def test_an_index_that_names_nothing_is_refused(tmp_path: Path, places: object) -> None:
    write_shards(tmp_path)
    write_index(tmp_path, places)
    assert refused(tmp_path).context["path"].endswith("model.safetensors.index.json")


def test_an_index_that_puts_a_tensor_elsewhere_is_refused(tmp_path: Path) -> None:
    shards = write_shards(tmp_path)
    write_index(tmp_path, {"made.up": shards[0].name})
    message = refused(tmp_path).message
    assert f"puts tensor `made.up` into `{shards[0].name}`, which lacks it" in message


def test_weights_without_a_configuration_are_refused(tmp_path: Path) -> None:
    write_directory(tmp_path)
    (tmp_path / "config.json").unlink()
    error = refused(tmp_path)
    assert "config.json` is missing" in error.message


def test_a_folder_without_weights_holds_nothing(tmp_path: Path) -> None:
    write_directory(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    (tmp_path / "adapter_model.safetensors").write_bytes(b"")
    assert SafetensorsReader().read(tmp_path) == ()
    assert SafetensorsReader().read(tmp_path / "nothing") == ()


def test_weights_without_elements_are_refused(tmp_path: Path) -> None:
    write_directory(tmp_path, weights={"a": ("F32", (0, 4))})
    assert "holds no weights" in refused(tmp_path).message


def test_a_file_of_weights_stands_for_its_folder(tmp_path: Path) -> None:
    shards = write_shards(tmp_path)
    whole = SafetensorsReader().read(tmp_path)
    assert SafetensorsReader().read(shards[1]) == whole
    (tmp_path / "other.safetensors").write_bytes(tensors(LLAMA_TENSORS))
    assert SafetensorsReader().read(tmp_path / "other.safetensors") == ()
    assert SafetensorsReader().read(tmp_path / "config.json") == ()


@pytest.mark.parametrize("suffix", ["bin", "pt", "pth", "ckpt"])
def test_pickles_are_an_artifact_only_without_safetensors(tmp_path: Path, suffix: str) -> None:
    write_directory(tmp_path, config={"torch_dtype": "bfloat16"})
    pickle = tmp_path / f"pytorch_model.{suffix}"
    pickle.write_bytes(b"\x80\x04not really")
    assert artifact(tmp_path).format is ArtifactFormat.SAFETENSORS
    (tmp_path / "model.safetensors").unlink()
    found = artifact(tmp_path)
    assert (found.format, found.id) == (ArtifactFormat.PICKLE, "PICKLE")
    assert found.files[0].path == pickle.name
    assert found.quantization.name == "BF16"
    assert found.weights == WeightBytes((0, 0), 0, 0, pickle.stat().st_size)
    assert artifact(pickle) == found


def test_pickles_without_a_configuration_have_no_layers(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"\x80\x04")
    (found,) = SafetensorsReader().read(tmp_path)
    assert found.artifact.format is ArtifactFormat.PICKLE
    assert found.shape.layers == ()


def test_a_trainer_s_state_is_no_weights(tmp_path: Path) -> None:
    for name in ("training_args.bin", "optimizer.pt", "scheduler.pt", "rng_state_0.pth"):
        (tmp_path / name).write_bytes(b"\x80\x04")
    assert SafetensorsReader().read(tmp_path) == ()


@pytest.mark.parametrize("name", ["tokenizer.json", "model.safetensors", "chat_template.jinja"])
def test_a_link_that_leads_nowhere_is_told(tmp_path: Path, name: str) -> None:
    write_directory(tmp_path)
    (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / name).symlink_to(tmp_path / "gone")
    with pytest.raises(ConfigurationError) as caught:
        SafetensorsReader().read(tmp_path)
    assert caught.value.code == "unreadable-input"
    assert caught.value.context["path"] == str(tmp_path / name)
