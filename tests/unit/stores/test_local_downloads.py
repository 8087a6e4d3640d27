"""Folders that `hf download --local-dir` wrote, with what it records beside the files."""

import os
from pathlib import Path

import pytest

from lmrt.domain.stores import GitBlob, Sha256
from tests.support import stores
from tests.support.tiny_models import TinyModel, write_hf

COMMIT = "1" * 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A downloaded model, as `_local_folder.py` lays it out."""
    folder = write_hf(TinyModel(layers=1, vocabulary=300), tmp_path / "models" / "tiny")
    place = folder / ".cache" / "huggingface"
    (place / "download").mkdir(parents=True)
    (place / ".gitignore").write_text("*")
    (place / "CACHEDIR.TAG").write_text("Signature: 8a477f597d28d172789f06886806bc55")
    for path in sorted(folder.iterdir()):
        if path.is_file():
            data, told = path.read_bytes(), path.stat()
            digest = stores.git_sha1(data)
            if path.suffix == ".safetensors":
                digest = stores.sha256(data)
            record = place / "download" / f"{path.name}.metadata"
            record.write_text(f"{COMMIT}\n{digest}\n{told.st_mtime}\n")
            record.with_suffix(".lock").touch()
    return folder


def test_recorded_hashes_are_known_and_verified(folder: Path) -> None:
    view = stores.view(stores.models_dir_store(folder.parent))
    model = view.find("tiny")
    data = (folder / "model.safetensors").read_bytes()
    assert model.weights[0].content == Sha256(stores.sha256(data))
    config = next(file for file in model.others if file.path.name == "config.json")
    assert config.content == GitBlob(stores.git_sha1((folder / "config.json").read_bytes()))
    assert all(one.hashed and one.finding is None for one in view.verify(model))


def test_a_file_that_was_written_to_since_has_no_hash(folder: Path) -> None:
    path = folder / "model.safetensors"
    later = path.stat().st_mtime_ns + 5 * 10**9
    os.utime(path, ns=(later, later))
    [model] = stores.models_dir_store(folder.parent).contents(()).models
    assert model.weights[0].content is None


@pytest.mark.parametrize("text", ["", "1\n2\n", f"{COMMIT}\nno hash\n9e99\n", "1\n2\nno time\n"])
def test_a_broken_record_is_none(folder: Path, text: str) -> None:
    downloads = folder / ".cache" / "huggingface" / "download"
    (downloads / "model.safetensors.metadata").write_text(text)
    [model] = stores.models_dir_store(folder.parent).contents(()).models
    assert model.weights[0].content is None


def test_records_go_with_the_last_file(folder: Path) -> None:
    store = stores.models_dir_store(folder.parent)
    [model] = store.contents(()).models
    store.remove(store.removal(model))
    assert list(folder.parent.iterdir()) == []


def test_records_of_other_files_stay(folder: Path) -> None:
    (folder / "README.md").write_text("# tiny")
    downloads = folder / ".cache" / "huggingface" / "download"
    (downloads / "README.md.metadata").write_text(f"{COMMIT}\n{'a' * 40}\n9e9\n")
    store = stores.models_dir_store(folder.parent)
    [model] = store.contents(()).models
    store.remove(store.removal(model))
    assert [path.name for path in downloads.iterdir()] == ["README.md.metadata"]
    assert (folder / "README.md").is_file()


def test_an_interrupted_download_is_told(folder: Path) -> None:
    place = folder / ".cache" / "huggingface" / "download" / f"x.{'a' * 64}.incomplete"
    place.write_bytes(b"half")
    [finding] = stores.models_dir_store(folder.parent).contents(()).findings
    assert finding.code == "incomplete-download"
