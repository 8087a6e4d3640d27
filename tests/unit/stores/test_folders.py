"""Models in folders: models directories and LM Studio."""

import json
import shutil
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file

from lmrt.adapters.stores import lm_studio_roots
from lmrt.domain.errors import ConfigurationError
from lmrt.domain.models import ArtifactFormat
from lmrt.domain.stores import StoredModel
from tests.support import stores
from tests.support.tiny_models import TinyModel, write_gguf, write_hf

TINY = TinyModel(layers=2, vocabulary=300)


def _models(root: Path) -> list[StoredModel]:
    return list(stores.models_dir_store(root).contents(()).models)


def test_models_are_named_by_their_path_below_the_root(tmp_path: Path) -> None:
    write_hf(TINY, tmp_path / "org" / "name")
    write_gguf(TINY, tmp_path / "loose.gguf")
    write_gguf(TINY, tmp_path / "two" / "a.gguf")
    write_gguf(TinyModel(layers=1, vocabulary=300), tmp_path / "two" / "b.gguf")
    found = {model.name: model.reference for model in _models(tmp_path)}
    assert list(found) == ["loose.gguf", "org/name", "two/a.gguf", "two/b.gguf"]
    assert all(name == reference for name, reference in found.items())


def test_a_name_that_means_something_else_is_referred_to_by_its_path(tmp_path: Path) -> None:
    write_hf(TINY, tmp_path / "hf:org" / "name")
    [model] = _models(tmp_path)
    assert (model.name, model.reference) == ("hf:org/name", str(tmp_path / "hf:org" / "name"))


def test_parts_count_as_one(tmp_path: Path) -> None:
    write_gguf(TINY, tmp_path / "split" / "tiny.gguf", split_max_tensors=6)
    write_hf(TINY, tmp_path / "shards")
    _shard(tmp_path / "shards")
    shards, split = _models(tmp_path)
    assert (shards.name, len(shards.weights)) == ("shards", 2)
    assert split.name == "split"
    assert len(split.weights) == len(list((tmp_path / "split").iterdir())) > 1


def _shard(folder: Path) -> None:
    """Put the weights into two files with an index."""
    tensors = load_file(folder / "model.safetensors")
    names = sorted(tensors)
    places: dict[str, str] = {}
    for number, part in enumerate((names[::2], names[1::2]), start=1):
        file = f"model-{number:05}-of-00002.safetensors"
        save_file({name: tensors[name] for name in part}, folder / file)
        places |= dict.fromkeys(part, file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    (folder / "model.safetensors").unlink()


def test_only_the_models_own_files_go(tmp_path: Path) -> None:
    write_gguf(TINY, tmp_path / "name" / "a.gguf")
    folder = write_hf(TINY, tmp_path / "name")
    (folder / "notes.txt").write_text("mine")
    store = stores.models_dir_store(tmp_path)
    directory = next(one for one in _models(tmp_path) if one.format is ArtifactFormat.SAFETENSORS)
    assert directory.name == "name/model.safetensors"
    store.remove(store.removal(directory))
    assert sorted(path.name for path in folder.iterdir()) == ["a.gguf", "notes.txt"]
    [gguf] = _models(tmp_path)
    store.remove(store.removal(gguf))
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_empty_folders_go_up_to_the_root(tmp_path: Path) -> None:
    write_gguf(TINY, tmp_path / "models" / "org" / "name" / "a.gguf")
    store = stores.models_dir_store(tmp_path / "models")
    [model] = store.contents(()).models
    store.remove(store.removal(model))
    assert list((tmp_path / "models").iterdir()) == []


def test_a_link_goes_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    real = write_gguf(TINY, tmp_path / "real.gguf")
    (tmp_path / "models" / "name").mkdir(parents=True)
    link = tmp_path / "models" / "name" / "a.gguf"
    link.symlink_to(real)
    store = stores.models_dir_store(tmp_path / "models")
    [model] = store.contents(()).models
    removal = store.removal(model)
    assert (removal.files, removal.freed) == ((link,), 0)
    store.remove(removal)
    assert real.is_file()
    assert not (tmp_path / "models" / "name").exists()


def test_files_behind_a_linked_folder_are_not_deleted(tmp_path: Path) -> None:
    real = write_gguf(TINY, tmp_path / "elsewhere" / "a.gguf")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "name").symlink_to(real.parent)
    store = stores.models_dir_store(tmp_path / "models")
    [model] = store.contents(()).models
    with pytest.raises(ConfigurationError) as caught:
        store.removal(model)
    assert caught.value.code == "outside-of-store"
    assert real.is_file()


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_broken_configuration_is_told(tmp_path: Path, text: str) -> None:
    (write_hf(TINY, tmp_path / "name") / "config.json").write_text(text)
    contents = stores.models_dir_store(tmp_path).contents(())
    assert contents.models == ()
    assert [finding.code for finding in contents.findings] == ["malformed"]


def test_a_dangling_link_is_told(tmp_path: Path) -> None:
    (tmp_path / "name").mkdir()
    (tmp_path / "name" / "a.gguf").symlink_to(tmp_path / "gone")
    [finding] = stores.models_dir_store(tmp_path).contents(()).findings
    assert finding.code == "dangling-link"
    assert str(tmp_path / "gone") in finding.message


def test_a_missing_part_is_told(tmp_path: Path) -> None:
    write_gguf(TINY, tmp_path / "split" / "tiny.gguf", split_max_tensors=6)
    parts = sorted((tmp_path / "split").iterdir())
    parts[1].unlink()
    [finding] = stores.models_dir_store(tmp_path).contents(()).findings
    assert finding.code == "missing-file"
    assert parts[1].name in finding.message


def test_pickled_weights_are_listed(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "pytorch_model.bin").write_bytes(b"\x80\x02")
    [model] = _models(tmp_path)
    assert model.format is ArtifactFormat.PICKLE


def test_roots_of_other_stores_are_left_out(tmp_path: Path) -> None:
    write_gguf(TINY, tmp_path / "mine" / "a.gguf")
    write_gguf(TINY, tmp_path / "theirs" / "b.gguf")
    contents = stores.models_dir_store(tmp_path).contents((tmp_path / "theirs",))
    assert [model.name for model in contents.models] == ["mine"]


def test_a_model_that_vanishes_meanwhile_is_told(tmp_path: Path) -> None:
    write_gguf(TINY, tmp_path / "name" / "a.gguf")
    store = stores.models_dir_store(tmp_path)
    [model] = store.contents(()).models
    shutil.rmtree(tmp_path / "name")
    with pytest.raises(ValueError, match="not there any more"):
        store.removal(model)


def test_lm_studio_is_where_its_pointer_says(tmp_path: Path) -> None:
    assert tmp_path / ".lmstudio" / "models" in lm_studio_roots(tmp_path)
    assert tmp_path / ".cache" / "lm-studio" / "models" in lm_studio_roots(tmp_path)
    (tmp_path / ".lmstudio-home-pointer").write_text(f"{tmp_path / 'disk'}\n")
    assert lm_studio_roots(tmp_path)[0] == tmp_path / "disk" / "models"


def test_lm_studio_keeps_models_where_its_settings_say(tmp_path: Path) -> None:
    home = tmp_path / ".lmstudio"
    home.mkdir()
    settings = home / "settings.json"
    settings.write_text(json.dumps({"downloadsFolder": str(tmp_path / "big")}))
    assert tmp_path / "big" in lm_studio_roots(tmp_path)
    for text in ("{", "[]", '{"downloadsFolder": 3}', "\xff"):
        settings.write_text(text, "latin-1")
        assert home / "models" in lm_studio_roots(tmp_path)
