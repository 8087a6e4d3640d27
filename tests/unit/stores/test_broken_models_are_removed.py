"""What is broken can be named as it is listed, and goes; nothing that is sound goes with it."""

from pathlib import Path

import pytest

from lmrt.application.stores import Stores
from lmrt.domain.errors import ConfigurationError
from lmrt.domain.stores import BrokenModel, Removal
from tests.support import stores
from tests.support.stores import COMMIT, OTHER_COMMIT
from tests.support.tiny_models import TinyModel, write_gguf, write_hf


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_gguf(TinyModel(), tmp_path_factory.mktemp("gguf") / "a.gguf").read_bytes()


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = write_hf(TinyModel(), tmp_path_factory.mktemp("hf"))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def everything(root: Path) -> set[str]:
    """Return every name of a file or link below a root."""
    found = (path for path in root.rglob("*") if path.is_symlink() or path.is_file())
    return {path.relative_to(root).as_posix() for path in found if ".locks" not in path.parts}


def removed(
    view: Stores, root: Path, text: str, *, force: bool = False
) -> tuple[Removal, set[str]]:
    """Remove what is broken; return the removal and the names that went."""
    before = everything(root)
    broken = view.find_broken(text)
    assert isinstance(broken, BrokenModel)
    removal = view.removal(broken, force=force)
    assert everything(root) == before
    view.remove(removal)
    gone = before - everything(root)
    assert gone == {path.relative_to(root).as_posix() for path in removal.files}
    return removal, gone


@pytest.mark.parametrize(
    "named", ["{path}", "models-dir:{path}", "mine/cut.gguf", "models-dir:mine/cut.gguf"]
)
def test_a_truncated_gguf_goes_alone(tmp_path: Path, gguf: bytes, named: str) -> None:
    cut = write(tmp_path / "mine" / "cut.gguf", gguf[:1000])
    write(tmp_path / "mine" / "whole.gguf", gguf)
    write(tmp_path / "mine" / "notes.txt", b"mine")
    view = stores.view(stores.models_dir_store(tmp_path))
    removal, gone = removed(view, tmp_path, named.format(path=cut))
    assert gone == {"mine/cut.gguf"}
    assert removal.freed == 1000
    assert view.inventory().findings == ()


def test_what_is_left_of_a_split_model_goes_together(tmp_path: Path) -> None:
    first = write_gguf(TinyModel(), tmp_path / "split" / "tiny.gguf", split_max_tensors=12)
    parts = sorted(path.name for path in first.parent.iterdir())
    (first.parent / parts[1]).unlink()
    write_gguf(TinyModel(), tmp_path / "split" / "other.gguf")
    view = stores.view(stores.models_dir_store(tmp_path))
    ((_, finding),) = view.inventory().findings
    _, gone = removed(view, tmp_path, str(finding.path))
    assert gone == {f"split/{parts[0]}", *(f"split/{name}" for name in parts[2:])}


def test_a_directory_with_cut_weights_goes_with_its_texts_and_no_more(
    tmp_path: Path, gguf: bytes, directory: dict[str, bytes]
) -> None:
    for name, data in directory.items():
        write(tmp_path / "mine" / name, data[:-10] if name.endswith(".safetensors") else data)
    write(tmp_path / "mine" / "README.md", b"mine")
    write(tmp_path / "mine" / "whole.gguf", gguf)
    view = stores.view(stores.models_dir_store(tmp_path))
    _, gone = removed(view, tmp_path, str(tmp_path / "mine" / "model.safetensors"))
    assert gone == {f"mine/{name}" for name in directory}
    assert [model.name for model in view.models()] == ["mine"]


def test_an_interrupted_download_into_a_folder_goes_alone(tmp_path: Path, gguf: bytes) -> None:
    part = write(tmp_path / "mine" / "a.gguf.part", gguf[:500])
    write(tmp_path / "mine" / "a.gguf", gguf)
    view = stores.view(stores.models_dir_store(tmp_path))
    removal, gone = removed(view, tmp_path, str(part))
    assert gone == {"mine/a.gguf.part"}
    assert removal.freed == 500


def test_a_link_to_nowhere_goes(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.gguf").symlink_to(tmp_path / "nothing.gguf")
    view = stores.view(stores.models_dir_store(tmp_path))
    removal, gone = removed(view, tmp_path, str(tmp_path / "mine" / "a.gguf"))
    assert gone == {"mine/a.gguf"}
    assert removal.freed == 0


@pytest.mark.parametrize("named", ["org/name", "huggingface:org/name"])
def test_a_snapshot_with_links_to_nowhere_goes_as_a_whole(
    tmp_path: Path, directory: dict[str, bytes], named: str
) -> None:
    snapshot = stores.hugging_face(tmp_path, "org/name", directory)
    stores.hugging_face(tmp_path, "org/other", directory)
    (snapshot / "model.safetensors").resolve().unlink()
    view = stores.view(stores.hugging_face_store(tmp_path))
    removal, _ = removed(view, tmp_path, named)
    weights = len(directory["model.safetensors"])
    assert removal.freed == sum(map(len, directory.values())) - weights + len(COMMIT)
    assert not (tmp_path / "models--org--name" / "snapshots").exists()
    assert everything(tmp_path / "models--org--name") == set()
    assert [model.name for model in view.models()] == ["org/other"]


def test_what_another_revision_uses_stays(
    tmp_path: Path, directory: dict[str, bytes], gguf: bytes
) -> None:
    snapshot = stores.hugging_face(tmp_path, "org/name", directory)
    older = {**directory, "model.safetensors": directory["model.safetensors"]}
    older["chat_template.jinja"] = b"other"
    stores.hugging_face(tmp_path, "org/name", older, commit=OTHER_COMMIT, ref="older")
    (snapshot / "generation_config.json").unlink()
    (snapshot / "generation_config.json").symlink_to("../../blobs/nothing")
    view = stores.view(stores.hugging_face_store(tmp_path))
    broken = view.find_broken(str(snapshot / "generation_config.json"))
    assert broken is not None
    removal, _ = removed(view, tmp_path, str(snapshot / "generation_config.json"))
    assert len(removal.kept) == len(directory) - 2
    (model,) = view.models()
    assert model.revision == OTHER_COMMIT
    assert all(one.finding is None for one in view.verify(model))


def test_one_broken_variant_of_a_revision_goes_alone(tmp_path: Path, gguf: bytes) -> None:
    files = {"a.gguf": gguf[:900], "b.gguf": gguf, "README.md": b"about"}
    snapshot = stores.hugging_face(tmp_path, "org/name", files)
    view = stores.view(stores.hugging_face_store(tmp_path))
    removal, gone = removed(view, tmp_path, str(snapshot / "a.gguf"))
    assert removal.freed == 900
    assert len(gone) == 2
    assert [model.name for model in view.models()] == ["org/name"]


def test_an_interrupted_download_goes_with_what_has_no_name_yet(
    tmp_path: Path, gguf: bytes
) -> None:
    stores.hugging_face(tmp_path, "org/name", {"a.gguf": gguf})
    blobs = tmp_path / "models--org--name" / "blobs"
    write(blobs / ("e" * 64 + ".incomplete"), b"x" * 700)
    write(blobs / ("d" * 40), b"y" * 30)
    view = stores.view(stores.hugging_face_store(tmp_path))
    removal, gone = removed(view, tmp_path, str(blobs / ("e" * 64 + ".incomplete")))
    assert removal.freed == 730
    assert len(gone) == 2
    assert [model.name for model in view.models()] == ["org/name"]


def test_an_ollama_name_of_which_a_blob_is_cut_goes_with_its_blobs(
    tmp_path: Path, gguf: bytes
) -> None:
    cut = stores.ollama_blob(tmp_path, gguf[:800], stores.MODEL_LAYER)
    whole = stores.ollama_blob(tmp_path, gguf, stores.MODEL_LAYER)
    stores.ollama(tmp_path, "broken", [cut])
    stores.ollama(tmp_path, "sound", [whole])
    view = stores.view(stores.ollama_store(tmp_path))
    ((_, finding),) = view.inventory().findings
    broken = view.find_broken(str(finding.path))
    assert broken is not None
    with pytest.raises(ConfigurationError) as caught:
        view.removal(broken, force=False)
    assert caught.value.code == "foreign-store"
    _, gone = removed(view, tmp_path, str(finding.path), force=True)
    assert "manifests/registry.ollama.ai/library/broken/latest" in gone
    assert f"blobs/sha256-{stores.sha256(gguf[:800])}" in gone
    assert [model.name for model in view.models()] == ["sound:latest"]


def test_an_interrupted_pull_goes_with_what_is_kept_of_its_pieces(
    tmp_path: Path, gguf: bytes
) -> None:
    stores.ollama(tmp_path, "sound", [stores.ollama_blob(tmp_path, gguf, stores.MODEL_LAYER)])
    part = write(tmp_path / "blobs" / f"sha256-{'e' * 64}-partial", b"x" * 5000)
    write(tmp_path / "blobs" / f"sha256-{'e' * 64}-partial-0", b"{}")
    view = stores.view(stores.ollama_store(tmp_path))
    _, gone = removed(view, tmp_path, str(part), force=True)
    assert gone == {f"blobs/{part.name}", f"blobs/{part.name}-0"}


def test_an_interrupted_download_of_llama_cpp_goes(tmp_path: Path, gguf: bytes) -> None:
    stores.llama_cpp(tmp_path, "org/name", {"a.gguf": gguf})
    part = write(tmp_path / "org_name_b.gguf.downloadInProgress", b"x" * 10)
    view = stores.view(stores.llama_cpp_store(tmp_path))
    _, gone = removed(view, tmp_path, str(part), force=True)
    assert gone == {part.name}


def test_what_is_sound_or_not_there_is_not_broken(tmp_path: Path, gguf: bytes) -> None:
    path = write(tmp_path / "a.gguf", gguf)
    write(tmp_path / "cut.gguf", gguf[:1000])
    view = stores.view(stores.models_dir_store(tmp_path))
    for text in (str(path), "a.gguf", "cut", "nothing", "", "models-dir:"):
        assert view.find_broken(text) is None
