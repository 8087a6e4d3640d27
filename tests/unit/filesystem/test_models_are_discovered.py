"""Every sound model under the models folder is found once, in a fixed order."""

import subprocess
import sys
from pathlib import Path

import pytest

from lmrt.adapters.filesystem import LocalModelSource
from lmrt.adapters.gguf import GgufReader
from lmrt.adapters.safetensors import SafetensorsReader
from lmrt.domain.models import ResolvedModel
from lmrt.domain.references import Lookup, UnderModelsDir
from tests.support.gguf_bytes import llama
from tests.support.safetensors_bytes import write_directory


@pytest.fixture
def source(tmp_path: Path) -> LocalModelSource:
    return LocalModelSource((GgufReader(), SafetensorsReader()), {"guide": tmp_path / "guide"})


def gguf(path: Path, name: str = "one") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(llama(general__name=name).build())


def references(found: tuple[ResolvedModel, ...]) -> list[str]:
    return [model.reference for model in found]


def test_models_are_found_three_levels_deep_and_sorted(
    source: LocalModelSource, tmp_path: Path
) -> None:
    gguf(tmp_path / "z.gguf")
    gguf(tmp_path / "org" / "model" / "variant" / "deep.gguf")
    gguf(tmp_path / "org" / "model" / "variant" / "deeper" / "unseen.gguf")
    write_directory(tmp_path / "b")
    write_directory(tmp_path / "a" / "nested")
    assert references(source.discover(tmp_path)) == [
        "a/nested",
        "b",
        "org/model/variant",
        "z.gguf",
    ]


def test_every_reference_leads_back_to_its_model(source: LocalModelSource, tmp_path: Path) -> None:
    gguf(tmp_path / "a.gguf", "a")
    gguf(tmp_path / "mixed" / "b.gguf", "b")
    gguf(tmp_path / "mixed" / "c.gguf", "c")
    gguf(tmp_path / "same" / "d-1.gguf", "d")
    gguf(tmp_path / "same" / "d-2.gguf", "d")
    write_directory(tmp_path / "hf")
    found = source.discover(tmp_path)
    assert references(found) == ["a.gguf", "hf", "mixed/b.gguf", "mixed/c.gguf", "same"]
    for model in found:
        assert model.resolved_as == "models-dir"
        assert source.find(UnderModelsDir(model.reference), Lookup(tmp_path)) == model


def test_files_of_the_models_folder_itself_are_models_of_their_own(
    source: LocalModelSource, tmp_path: Path
) -> None:
    gguf(tmp_path / "a-Q4.gguf", "a")
    gguf(tmp_path / "a-Q8.gguf", "a")
    assert references(source.discover(tmp_path)) == ["a-Q4.gguf", "a-Q8.gguf"]


def test_broken_models_do_not_hide_sound_ones(source: LocalModelSource, tmp_path: Path) -> None:
    gguf(tmp_path / "mixed" / "good.gguf")
    (tmp_path / "mixed" / "bad.gguf").write_bytes(b"GGUF")
    (tmp_path / "mixed" / "lost-00001-of-00002.gguf").write_bytes(llama().build())
    write_directory(tmp_path / "mixed", config={"hidden_size": "wide"})
    write_directory(tmp_path / "broken", config={"model_type": None})
    write_directory(tmp_path / "sound")
    assert references(source.discover(tmp_path)) == ["mixed", "sound"]


def test_hidden_folders_and_a_model_s_own_folders_are_left_out(
    source: LocalModelSource, tmp_path: Path
) -> None:
    gguf(tmp_path / ".cache" / "x.gguf")
    write_directory(tmp_path / "model")
    (tmp_path / "model" / "original").mkdir()
    (tmp_path / "model" / "original" / "consolidated.00.pth").write_bytes(b"\x80")
    gguf(tmp_path / "shelf" / "a.gguf")
    gguf(tmp_path / "shelf" / "inner" / "b.gguf")
    assert references(source.discover(tmp_path)) == ["model", "shelf", "shelf/inner"]


def test_links_are_followed_but_not_in_circles(source: LocalModelSource, tmp_path: Path) -> None:
    store = tmp_path / "store"
    gguf(store / "a.gguf")
    models = tmp_path / "models"
    models.mkdir()
    (models / "linked").symlink_to(store)
    (models / "again").symlink_to(models)
    (models / "broken").symlink_to(tmp_path / "nothing")
    (models / "itself").symlink_to(models / "itself")
    (store / "broken.gguf").symlink_to(tmp_path / "nothing")
    assert references(source.discover(models)) == ["linked"]


def test_a_models_folder_that_is_not_there_holds_nothing(
    source: LocalModelSource, tmp_path: Path
) -> None:
    assert source.discover(tmp_path / "nothing") == ()
    assert source.known_names(tmp_path / "nothing") == ("guide",)


def test_known_names_are_what_could_be_typed(source: LocalModelSource, tmp_path: Path) -> None:
    gguf(tmp_path / "a.gguf")
    gguf(tmp_path / "b" / "c.gguf")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    assert source.known_names(tmp_path) == ("a.gguf", "b", "guide")


def test_nothing_heavy_is_imported_to_read_models() -> None:
    program = (
        "import sys, lmrt.adapters.filesystem, lmrt.adapters.gguf, lmrt.adapters.safetensors, "
        "lmrt.adapters.huggingface\n"
        "heavy = {'numpy', 'llama_cpp', 'huggingface_hub', 'tokenizers', 'torch', 'jinja2'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
