"""Planned files are still there, and files are written whole or not at all."""

import os
from pathlib import Path

import pytest

from lmrt.adapters.filesystem import LocalMaterializer, atomic_write, bundled_models_dir
from lmrt.adapters.filesystem import bundled as bundled_module
from lmrt.adapters.safetensors import SafetensorsReader
from lmrt.domain.errors import NotMaterialized
from lmrt.domain.models import Artifact, HubSource
from tests.support.safetensors_bytes import write_directory


@pytest.fixture
def artifact(tmp_path: Path) -> Artifact:
    (found,) = SafetensorsReader().read(write_directory(tmp_path / "model"))
    return found.artifact


def refused(artifact: Artifact) -> NotMaterialized:
    with pytest.raises(NotMaterialized) as caught:
        LocalMaterializer().materialize(artifact)
    assert caught.value.code == "not-downloaded"
    assert caught.value.hint
    return caught.value


def test_files_that_are_there_give_their_folder(artifact: Artifact, tmp_path: Path) -> None:
    assert LocalMaterializer().materialize(artifact) == tmp_path / "model"


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_a_file_that_went_is_named(artifact: Artifact, tmp_path: Path, name: str) -> None:
    path = tmp_path / "model" / name
    path.unlink()
    assert refused(artifact).context["path"] == str(path)


def test_a_file_of_another_size_tells_both(artifact: Artifact, tmp_path: Path) -> None:
    path = tmp_path / "model" / "model.safetensors"
    size = path.stat().st_size
    path.write_bytes(b"12345")
    assert f"has 5 bytes, but had {size:,}" in refused(artifact).message


def test_files_of_the_hub_are_to_be_downloaded(artifact: Artifact) -> None:
    from attrs import evolve

    remote = evolve(artifact, source=HubSource("org/name", "0" * 40))
    assert refused(remote).hint == "hf download org/name"


def test_content_is_replaced_and_nothing_else_left(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    atomic_write(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.write_bytes(b"")
    atomic_write(tmp_path / "file", b"")
    assert (tmp_path / "file").stat().st_mode == usual.stat().st_mode


def test_a_failed_write_leaves_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        atomic_write(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_s_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to("target")
    atomic_write(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


def test_bundled_models_lie_in_the_package_or_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "lmrt"
    package.mkdir()
    monkeypatch.setattr(bundled_module, "_PACKAGE", package)
    assert bundled_models_dir() == tmp_path / "models"
    (package / "bundled").mkdir()
    assert bundled_models_dir() == package / "bundled"
