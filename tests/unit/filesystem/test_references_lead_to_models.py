"""Paths, names under the models folder and bundled aliases lead to models, or say why not."""

from pathlib import Path

import pytest

from lmrt.adapters.filesystem import LocalModelSource
from lmrt.adapters.gguf import GgufReader
from lmrt.adapters.safetensors import SafetensorsReader
from lmrt.domain.errors import ConfigurationError, LmrtError, LoadFailed, ModelNotFound
from lmrt.domain.models import LocalSource
from lmrt.domain.references import Alias, HubRepository, LocalPath, Lookup, UnderModelsDir
from tests.support.gguf_bytes import llama
from tests.support.safetensors_bytes import write_directory
from tests.support.tiny_models import TinyModel, write_gguf, write_hf

READERS = (GgufReader(), SafetensorsReader())


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A models folder with one model of two formats and a lone GGUF."""
    root = tmp_path / "models"
    write_hf(TinyModel(), root / "tiny")
    write_gguf(TinyModel(), root / "tiny" / "tiny-F32.gguf")
    write_gguf(TinyModel(dtype="Q8_0"), root / "tiny" / "tiny-Q8_0.gguf")
    write_gguf(TinyModel(name=""), root / "lone.gguf")
    return root


@pytest.fixture
def source(models: Path) -> LocalModelSource:
    return LocalModelSource(READERS, {"guide": models / "tiny"})


def raised(source: LocalModelSource, place: str, models: Path) -> LmrtError:
    with pytest.raises(LmrtError) as caught:
        source.find(LocalPath(place), Lookup(models))
    return caught.value


def test_a_folder_is_one_model_of_all_its_artifacts(source: LocalModelSource, models: Path) -> None:
    found = source.find(LocalPath(str(models / "tiny")), Lookup(models))
    assert found is not None
    assert found.name == "tiny"
    assert found.location == str(models / "tiny")
    assert found.resolved_as == "path"
    assert [artifact.id for artifact in found.artifacts] == [
        "tiny-F32.gguf",
        "tiny-Q8_0.gguf",
        "SAFETENSORS",
    ]
    assert {artifact.source for artifact in found.artifacts} == {LocalSource(models / "tiny")}


def test_a_file_is_a_model_of_its_own(source: LocalModelSource, models: Path) -> None:
    found = source.find(LocalPath(str(models / "tiny" / "tiny-Q8_0.gguf")), Lookup(models))
    assert found is not None
    assert [artifact.id for artifact in found.artifacts] == ["tiny-Q8_0.gguf"]


@pytest.mark.parametrize(
    ("reading", "resolved_as"),
    [(UnderModelsDir("tiny"), "models-dir"), (Alias("guide"), "alias")],
)
def test_names_lead_to_the_same_model(
    source: LocalModelSource, models: Path, reading: UnderModelsDir | Alias, resolved_as: str
) -> None:
    found = source.find(reading, Lookup(models))
    assert found is not None
    assert (found.resolved_as, found.reference) == (resolved_as, reading.name)
    assert len(found.artifacts) == 3


def test_a_model_without_a_name_has_its_file_s(source: LocalModelSource, models: Path) -> None:
    found = source.find(UnderModelsDir("lone.gguf"), Lookup(models))
    assert found is not None
    assert found.name == "lone"


@pytest.mark.parametrize(
    "reading",
    [
        LocalPath("./nothing"),
        LocalPath("~nobody-of-that-name/x"),
        LocalPath("x" * 5000),
        UnderModelsDir("nothing"),
        UnderModelsDir("lone.gguf/below"),
        Alias("nothing"),
        HubRepository("org/name"),
    ],
)
def test_readings_that_lead_nowhere_are_none(
    source: LocalModelSource, models: Path, reading: LocalPath | UnderModelsDir | Alias
) -> None:
    assert source.find(reading, Lookup(models)) is None


def test_home_is_expanded(
    source: LocalModelSource, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(models))
    found = source.find(LocalPath("~/lone.gguf"), Lookup(models))
    assert found is not None
    assert found.location == str(models / "lone.gguf")


def test_a_relative_path_stays_right_when_the_process_moves(
    source: LocalModelSource, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(models)
    found = source.find(LocalPath("./tiny"), Lookup(Path("elsewhere")))
    assert found is not None
    assert found.artifacts[0].source == LocalSource(models / "tiny")


def test_an_empty_folder_says_what_was_looked_for(
    source: LocalModelSource, models: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    error = raised(source, str(tmp_path / "empty"), models)
    assert isinstance(error, ModelNotFound)
    assert error.code == "no-model-files"
    for word in ("GGUF", "config.json", "safetensors"):
        assert word in (error.note or "")


def test_a_folder_of_model_folders_lists_them(source: LocalModelSource, tmp_path: Path) -> None:
    for name in ("b", "a"):
        write_directory(tmp_path / "outer" / name)
    error = raised(source, str(tmp_path / "outer"), tmp_path)
    assert error.code == "no-model-files"
    below = [str(tmp_path / "outer" / name) for name in ("a", "b")]
    assert error.context["below"] == below
    assert all(f"`{path}`" in (error.hint or "") for path in below)


def test_a_file_that_is_no_model_is_told(source: LocalModelSource, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    error = raised(source, str(tmp_path / "notes.txt"), tmp_path)
    assert (error.code, error.message) == (
        "no-model-files",
        f"`{tmp_path / 'notes.txt'}` is no model file",
    )


def test_a_folder_of_different_models_lists_their_files(
    source: LocalModelSource, tmp_path: Path
) -> None:
    (tmp_path / "a.gguf").write_bytes(llama(general__name="a").build())
    (tmp_path / "b.gguf").write_bytes(llama(general__name="b").build())
    error = raised(source, str(tmp_path), tmp_path)
    assert isinstance(error, ConfigurationError)
    assert error.code == "invalid-reference"
    assert error.context["files"] == [str(tmp_path / "a.gguf"), str(tmp_path / "b.gguf")]
    assert source.find(LocalPath(str(tmp_path / "b.gguf")), Lookup(tmp_path)) is not None


def test_a_malformed_file_is_told_not_skipped(source: LocalModelSource, models: Path) -> None:
    (models / "tiny" / "bad.gguf").write_bytes(b"GGUF")
    error = raised(source, str(models / "tiny"), models)
    assert isinstance(error, LoadFailed)
    assert error.code == "malformed-file"


def test_a_bare_name_of_a_folder_with_a_model_is_that_model(
    source: LocalModelSource, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_directory(tmp_path / "here" / "guide")
    monkeypatch.chdir(tmp_path / "here")
    found = source.find(LocalPath("guide"), Lookup(models))
    assert found is not None
    assert found.location == str(tmp_path / "here" / "guide")


def test_a_place_out_of_reach_is_told(
    source: LocalModelSource, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_args: object, **_named: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", denied)
    with pytest.raises(ConfigurationError) as caught:
        source.find(LocalPath(str(models / "tiny")), Lookup(models))
    assert caught.value.code == "unreadable-input"


def test_the_first_reader_s_facts_count(models: Path) -> None:
    (models / "tiny" / "chat_template.jinja").write_text("other")
    place = LocalPath(str(models / "tiny"))
    for readers, template in ((READERS, "bos_token"), (READERS[::-1], "other")):
        found = LocalModelSource(readers, {}).find(place, Lookup(models))
        assert found is not None
        assert template in (found.chat_template or "")
