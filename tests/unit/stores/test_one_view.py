"""One view over every store: names, nested stores, what may be removed, what is verified."""

from pathlib import Path

import pytest

from lmrt.domain.errors import ConfigurationError, ModelNotFound
from lmrt.domain.stores import StoreName
from tests.support import stores
from tests.support.stores import MODEL_LAYER, hugging_face, llama_cpp, ollama, ollama_blob
from tests.support.tiny_models import TinyModel, write_gguf


@pytest.fixture
def gguf(tmp_path: Path) -> bytes:
    tiny = TinyModel(layers=1, vocabulary=300)
    return write_gguf(tiny, tmp_path / "source" / "tiny.gguf").read_bytes()


def _write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_copies_in_several_stores_are_told_with_what_they_waste(
    tmp_path: Path, gguf: bytes
) -> None:
    hugging_face(tmp_path / "hub", "org/tiny", {"tiny.gguf": gguf})
    ollama(tmp_path / "ollama", "tiny", [ollama_blob(tmp_path / "ollama", gguf, MODEL_LAYER)])
    _write(tmp_path / "lms" / "org" / "tiny" / "tiny.gguf", gguf)
    llama_cpp(tmp_path / "llama", "org/tiny", {"tiny.gguf": gguf})
    view = stores.view(
        stores.hugging_face_store(tmp_path / "hub"),
        stores.ollama_store(tmp_path / "ollama"),
        stores.lm_studio_store(tmp_path / "lms"),
        stores.llama_cpp_store(tmp_path / "llama"),
    )
    [duplicate] = view.inventory().duplicates
    assert [model.id for model in duplicate.models] == [
        "huggingface:org/tiny",
        "llama.cpp:org_tiny_tiny.gguf",
        "lm-studio:org/tiny",
        "ollama:tiny:latest",
    ]
    assert (duplicate.copies, duplicate.wasted) == (4, 3 * len(gguf))
    assert not duplicate.proven  # LM Studio's layout tells no hash


def test_recorded_hashes_prove_a_duplicate(tmp_path: Path, gguf: bytes) -> None:
    hugging_face(tmp_path / "hub", "org/tiny", {"tiny.gguf": gguf})
    ollama(tmp_path / "ollama", "tiny", [ollama_blob(tmp_path / "ollama", gguf, MODEL_LAYER)])
    view = stores.view(
        stores.hugging_face_store(tmp_path / "hub"), stores.ollama_store(tmp_path / "ollama")
    )
    [duplicate] = view.inventory().duplicates
    assert duplicate.proven


def test_links_to_the_same_bytes_waste_nothing(tmp_path: Path, gguf: bytes) -> None:
    path = _write(tmp_path / "models" / "one" / "a.gguf", gguf)
    for name in ("hard", "soft"):
        (tmp_path / "models" / name).mkdir()
    (tmp_path / "models" / "hard" / "a.gguf").hardlink_to(path)
    (tmp_path / "models" / "soft" / "a.gguf").symlink_to(path)
    inventory = stores.view(stores.models_dir_store(tmp_path / "models")).inventory()
    assert len(inventory.models) == 3
    assert inventory.duplicates == ()
    assert inventory.size == len(gguf)


def test_other_weights_of_the_same_size_are_no_duplicate(tmp_path: Path, gguf: bytes) -> None:
    other = TinyModel(layers=1, vocabulary=300, seed=1)
    _write(tmp_path / "models" / "one" / "a.gguf", gguf)
    second = write_gguf(other, tmp_path / "models" / "two" / "a.gguf")
    assert second.stat().st_size == len(gguf)
    assert stores.view(stores.models_dir_store(tmp_path / "models")).inventory().duplicates == ()


def test_a_store_inside_another_is_listed_once(tmp_path: Path, gguf: bytes) -> None:
    root = tmp_path / "models"
    _write(root / "mine" / "a.gguf", gguf)
    hugging_face(root / "hub", "org/tiny", {"tiny.gguf": gguf})
    view = stores.view(stores.hugging_face_store(root / "hub"), stores.models_dir_store(root))
    assert [model.id for model in view.inventory().models] == [
        "huggingface:org/tiny",
        "models-dir:mine",
    ]


def test_a_root_of_two_stores_belongs_to_the_first(tmp_path: Path, gguf: bytes) -> None:
    root = tmp_path / "models"
    _write(root / "org" / "tiny" / "a.gguf", gguf)
    (tmp_path / "link").symlink_to(root)
    view = stores.view(stores.lm_studio_store(root), stores.models_dir_store(tmp_path / "link"))
    [model] = view.inventory().models
    assert model.store is StoreName.LM_STUDIO


@pytest.mark.parametrize("text", ["ollama:tiny:latest", "tiny:latest", "{path}"])
def test_a_model_is_found_by_any_of_its_names(tmp_path: Path, gguf: bytes, text: str) -> None:
    layer = ollama_blob(tmp_path, gguf, MODEL_LAYER)
    ollama(tmp_path, "tiny", [layer])
    view = stores.view(stores.ollama_store(tmp_path))
    [model] = view.inventory().models
    assert view.find(text.format(path=model.location)) == model


def test_a_reference_goes_before_a_name(tmp_path: Path, gguf: bytes) -> None:
    hugging_face(tmp_path / "hub", "org/tiny", {"tiny.gguf": gguf})
    _write(tmp_path / "lms" / "org" / "tiny" / "tiny.gguf", gguf)
    view = stores.view(
        stores.lm_studio_store(tmp_path / "lms"), stores.hugging_face_store(tmp_path / "hub")
    )
    assert view.find("org/tiny").store is StoreName.HUGGING_FACE
    assert view.find("lm-studio:org/tiny").store is StoreName.LM_STUDIO


@pytest.mark.parametrize("text", ["", "in", "mine2", "ollama:"])
def test_what_is_not_here_is_not_called_broken(tmp_path: Path, gguf: bytes, text: str) -> None:
    _write(tmp_path / "models" / "mine" / "a.gguf", gguf[:1000])
    with pytest.raises(ModelNotFound, match="is stored here"):
        stores.view(stores.models_dir_store(tmp_path / "models")).find(text)


def test_a_name_of_several_models_is_asked_about(tmp_path: Path, gguf: bytes) -> None:
    layer = ollama_blob(tmp_path, gguf, MODEL_LAYER)
    ollama(tmp_path, "tiny", [layer], tag="one")
    ollama(tmp_path, "tiny", [layer], tag="two")
    view = stores.view(stores.ollama_store(tmp_path))
    reference = view.inventory().models[0].reference
    with pytest.raises(ConfigurationError) as caught:
        view.find(reference)
    assert caught.value.code == "invalid-reference"
    assert "`ollama:tiny:one`, `ollama:tiny:two`" in (caught.value.hint or "")


def test_a_near_miss_gets_a_suggestion(tmp_path: Path, gguf: bytes) -> None:
    ollama(tmp_path, "tiny", [ollama_blob(tmp_path, gguf, MODEL_LAYER)])
    with pytest.raises(ModelNotFound) as caught:
        stores.view(stores.ollama_store(tmp_path)).find("tiny:latst")
    assert "`tiny:latest`" in (caught.value.hint or "")


def test_what_is_broken_is_not_called_missing(tmp_path: Path, gguf: bytes) -> None:
    ollama(tmp_path / "ollama", "tiny", [ollama_blob(tmp_path / "ollama", gguf, MODEL_LAYER)])
    _write(tmp_path / "models" / "mine" / "a.gguf", gguf[:1000])
    (tmp_path / "ollama" / "blobs" / f"sha256-{stores.sha256(gguf)}").unlink()
    view = stores.view(
        stores.ollama_store(tmp_path / "ollama"), stores.models_dir_store(tmp_path / "models")
    )
    for name, told in (("models-dir:mine", "truncated"), ("tiny:latest", "is not there")):
        with pytest.raises(ModelNotFound, match="not sound") as caught:
            view.find(name)
        assert told in (caught.value.note or "")


def test_other_tools_stores_are_left_alone_without_force(tmp_path: Path, gguf: bytes) -> None:
    ollama(tmp_path / "ollama", "tiny", [ollama_blob(tmp_path / "ollama", gguf, MODEL_LAYER)])
    _write(tmp_path / "lms" / "org" / "tiny" / "tiny.gguf", gguf)
    llama_cpp(tmp_path / "llama", "org/tiny", {"tiny.gguf": gguf})
    view = stores.view(
        stores.ollama_store(tmp_path / "ollama"),
        stores.lm_studio_store(tmp_path / "lms"),
        stores.llama_cpp_store(tmp_path / "llama"),
    )
    models = view.inventory().models
    assert len(models) == 3
    for model in models:
        with pytest.raises(ConfigurationError) as caught:
            view.removal(model, force=False)
        assert caught.value.code == "foreign-store"
        assert "--force" in (caught.value.hint or "")
        view.remove(view.removal(model, force=True))
    assert view.inventory().models == ()


def test_the_shared_cache_needs_no_force(tmp_path: Path, gguf: bytes) -> None:
    hugging_face(tmp_path, "org/tiny", {"tiny.gguf": gguf})
    view = stores.view(stores.hugging_face_store(tmp_path))
    view.remove(view.removal(view.find("org/tiny"), force=False))
    assert view.inventory().models == ()


def test_the_bundled_model_stays(tmp_path: Path, gguf: bytes) -> None:
    _write(tmp_path / "guide" / "guide.gguf", gguf)
    view = stores.view(stores.bundled_store(tmp_path / "guide"))
    [model] = view.inventory().models
    assert (model.id, model.reference) == ("bundled:guide/guide.gguf", "guide")
    with pytest.raises(ConfigurationError) as caught:
        view.removal(model, force=True)
    assert caught.value.code == "bundled-model"


def test_changed_bytes_are_found_where_a_hash_is_recorded(tmp_path: Path, gguf: bytes) -> None:
    hugging_face(tmp_path, "org/tiny", {"tiny.gguf": gguf})
    view = stores.view(stores.hugging_face_store(tmp_path))
    model = view.find("org/tiny")
    assert [(one.hashed, one.finding) for one in view.verify(model)] == [(True, None)]
    wrong = bytearray(gguf)
    wrong[-1] ^= 1
    model.weights[0].path.write_bytes(wrong)
    [verified] = view.verify(view.find("org/tiny"))
    assert verified.finding is not None
    assert verified.finding.code == "wrong-hash"
    assert stores.sha256(gguf)[:12] in verified.finding.message


def test_small_files_are_compared_with_their_git_hash(tmp_path: Path, gguf: bytes) -> None:
    ollama(tmp_path, "tiny", [ollama_blob(tmp_path, gguf, MODEL_LAYER)])
    view = stores.view(stores.ollama_store(tmp_path))
    assert all(one.hashed and one.finding is None for one in view.verify(view.find("tiny:latest")))


def test_without_a_recorded_hash_size_and_header_count(tmp_path: Path, gguf: bytes) -> None:
    path = _write(tmp_path / "tiny" / "a.gguf", gguf)
    view = stores.view(stores.models_dir_store(tmp_path))
    model = view.find("tiny")
    assert [(one.hashed, one.finding) for one in view.verify(model)] == [(False, None)]
    path.write_bytes(gguf + b"more")
    [verified] = view.verify(model)
    assert verified.finding is not None
    assert verified.finding.code == "wrong-size"
    path.unlink()
    [verified] = view.verify(model)
    assert verified.finding is not None
    assert verified.finding.code == "unreadable"
