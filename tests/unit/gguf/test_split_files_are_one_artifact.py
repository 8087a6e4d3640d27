"""A model split over several files is one artifact, whole or refused."""

from pathlib import Path

import pytest

from lmrt.adapters.gguf import GgufReader
from lmrt.domain.errors import LoadFailed
from tests.support.gguf_bytes import GgufBytes, llama
from tests.support.tiny_models import TinyModel, write_gguf


@pytest.fixture
def split(tmp_path: Path) -> list[Path]:
    write_gguf(TinyModel(), tmp_path / "tiny.gguf", split_max_tensors=8)
    return sorted(tmp_path.iterdir())


def test_parts_are_the_files_of_one_artifact(split: list[Path], tmp_path: Path) -> None:
    (found,) = GgufReader().read(tmp_path)
    whole = GgufReader().read(write_gguf(TinyModel(), tmp_path / "whole" / "tiny.gguf"))[0]
    artifact = found.artifact
    assert artifact.id == "tiny-00001-of-00003.gguf"
    assert [file.path for file in artifact.files] == [path.name for path in split]
    assert artifact.size == sum(path.stat().st_size for path in split)
    assert artifact.weights == whole.artifact.weights
    assert found.shape == whole.shape


def test_any_part_stands_for_the_whole(split: list[Path]) -> None:
    expected = GgufReader().read(split[0])
    assert [GgufReader().read(part) for part in split[1:]] == [expected, expected]


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_missing_part_is_named(split: list[Path], gone: int, tmp_path: Path) -> None:
    split[gone].unlink()
    with pytest.raises(LoadFailed) as caught:
        GgufReader().read(tmp_path)
    assert caught.value.code == "malformed-file"
    assert caught.value.context["missing"] == [split[gone].name]
    assert split[gone].name in caught.value.message


def test_many_missing_parts_are_counted(tmp_path: Path) -> None:
    (tmp_path / "big-00001-of-00099.gguf").write_bytes(llama().build())
    with pytest.raises(LoadFailed, match="and 95 more of the 99 parts"):
        GgufReader().read(tmp_path)


def test_a_cut_part_is_refused(split: list[Path], tmp_path: Path) -> None:
    data = split[2].read_bytes()
    split[2].write_bytes(data[:-1])
    with pytest.raises(LoadFailed) as caught:
        GgufReader().read(tmp_path)
    assert caught.value.context["path"] == str(split[2])


def test_parts_under_each_other_s_name_are_refused(split: list[Path], tmp_path: Path) -> None:
    second, third = split[1].read_bytes(), split[2].read_bytes()
    split[1].write_bytes(third)
    split[2].write_bytes(second)
    with pytest.raises(LoadFailed, match="part 3 of 3 in its header, but 2 of 3 by its name"):
        GgufReader().read(tmp_path)


def test_a_part_under_another_name_is_refused(split: list[Path], tmp_path: Path) -> None:
    lone = tmp_path / "other" / "model.gguf"
    lone.parent.mkdir()
    split[0].rename(lone)
    with pytest.raises(LoadFailed, match="one of 3 parts, but its name"):
        GgufReader().read(lone)


def test_a_whole_file_with_a_part_s_name_is_refused(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"x-0000{number}-of-00002.gguf").write_bytes(llama().build())
    with pytest.raises(LoadFailed, match="one of 1 parts, but its name speaks of 2"):
        GgufReader().read(tmp_path)


@pytest.mark.parametrize(
    "name", ["x-00003-of-00002.gguf", "x-00000-of-00000.gguf", "x-1-of-2.gguf"]
)
def test_a_name_that_is_no_part_s_is_a_whole_model_s(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(llama().build())
    assert [found.artifact.id for found in GgufReader().read(tmp_path)] == [name]


def test_a_split_model_stands_beside_others(split: list[Path], tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_bytes(llama().build())
    ids = [found.artifact.id for found in GgufReader().read(tmp_path)]
    assert ids == ["a.gguf", "tiny-00001-of-00003.gguf"]


def test_the_parts_of_a_projector_are_no_model(tmp_path: Path) -> None:
    first = GgufBytes().pair("general.architecture", "clip").pair("split.count", 2)
    for number in (1, 2):
        (tmp_path / f"mmproj-0000{number}-of-00002.gguf").write_bytes(first.build())
    assert GgufReader().read(tmp_path) == ()
