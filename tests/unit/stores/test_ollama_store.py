"""Ollama's store: names, shared blobs, and manifests that are broken or hostile."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from lmrt.domain.errors import ConfigurationError
from lmrt.domain.stores import Sha256
from tests.support import stores
from tests.support.stores import MODEL_LAYER, TEMPLATE_LAYER, TENSOR_LAYER, ollama, ollama_blob
from tests.support.tiny_models import TinyModel, write_gguf


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    tiny = TinyModel(layers=1, vocabulary=300)
    return write_gguf(tiny, tmp_path_factory.mktemp("source") / "tiny.gguf").read_bytes()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "models"


def _names(root: Path) -> list[str]:
    return [model.name for model in stores.ollama_store(root).contents(()).models]


def _findings(root: Path) -> list[tuple[str, str]]:
    findings = stores.ollama_store(root).contents(()).findings
    return [(finding.code, finding.message) for finding in findings]


def _write(root: Path, layer: Any, **document: Any) -> Path:
    """Write a manifest of any content."""
    path = root / "manifests" / "registry.ollama.ai" / "library" / "odd" / "latest"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"layers": [layer], **document}))
    return path


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        ("registry.ollama.ai/library", "tiny:1b"),
        ("ollama.com/library", "tiny:1b"),
        ("registry.ollama.ai/me", "me/tiny:1b"),
        ("hf.co/org", "hf.co/org/tiny:1b"),
    ],
)
def test_names_are_as_ollama_shows_them(root: Path, gguf: bytes, owner: str, name: str) -> None:
    ollama(root, "tiny", [ollama_blob(root, gguf, MODEL_LAYER)], tag="1b", owner=owner)
    assert _names(root) == [name]


def test_a_model_has_all_its_blobs_with_their_hashes(root: Path, gguf: bytes) -> None:
    layers = [ollama_blob(root, gguf, MODEL_LAYER), ollama_blob(root, b"{{}}", TEMPLATE_LAYER)]
    ollama(root, "tiny", layers)
    [model] = stores.ollama_store(root).contents(()).models
    assert model.reference == str(root / "blobs" / f"sha256-{stores.sha256(gguf)}")
    assert model.title == "tiny"
    assert model.weights[0].content == Sha256(stores.sha256(gguf))
    assert len(model.others) == 2  # template and configuration
    assert model.size == sum(path.stat().st_size for path in (root / "blobs").iterdir())


def test_what_another_tag_needs_stays(root: Path, gguf: bytes) -> None:
    layer = ollama_blob(root, gguf, MODEL_LAYER)
    ollama(root, "tiny", [layer, ollama_blob(root, b"one", TEMPLATE_LAYER)], tag="one")
    ollama(root, "tiny", [layer, ollama_blob(root, b"two", TEMPLATE_LAYER)], tag="two")
    store = stores.ollama_store(root)
    one = next(model for model in store.contents(()).models if model.name == "tiny:one")
    removal = store.removal(one)
    assert [(kept.path.name, kept.used_by) for kept in removal.kept] == [
        (f"sha256-{stores.sha256(gguf)}", "`tiny:two`")
    ]
    store.remove(removal)
    [two] = store.contents(()).models
    assert two.weights[0].path.read_bytes() == gguf
    assert _findings(root) == []


@pytest.mark.parametrize("newer", [False, True])
def test_a_copied_name_is_only_a_name(root: Path, gguf: bytes, newer: bool) -> None:
    layer = ollama_blob(root, gguf, MODEL_LAYER)
    for model in ("one", "two"):  # as `ollama cp` does
        ollama(root, model, [layer], newer=newer)
    store = stores.ollama_store(root)
    one, two = store.contents(()).models
    assert one.files == two.files
    assert store.removal(one).freed < 1024
    store.remove(store.removal(one))
    assert _names(root) == ["two:latest"]
    [two] = store.contents(()).models
    store.remove(store.removal(two))
    assert [path for path in root.rglob("*") if path.is_file()] == []


def test_the_same_name_in_both_folders_is_one_model(root: Path, gguf: bytes) -> None:
    layer = ollama_blob(root, gguf, MODEL_LAYER)
    old, new = ollama(root, "tiny", [layer]), ollama(root, "tiny", [layer], newer=True)
    store = stores.ollama_store(root)
    [model] = store.contents(()).models
    removal = store.removal(model)
    assert {old, new} <= set(removal.files)
    store.remove(removal)
    assert _names(root) == []


def test_two_stores_may_hold_the_same_name(tmp_path: Path, gguf: bytes) -> None:
    for root in (tmp_path / "user", tmp_path / "service"):
        ollama(root, "tiny", [ollama_blob(root, gguf, MODEL_LAYER)])
    store = stores.ollama_store(tmp_path / "user", tmp_path / "service")
    first, second = store.contents(()).models
    assert first.name == "tiny:latest"
    assert second.name.startswith("tiny:latest@")
    store.remove(store.removal(second))
    assert [model.location for model in store.contents(()).models] == [first.location]


def test_a_list_of_manifests_is_one_model(root: Path, gguf: bytes) -> None:
    layer = ollama_blob(root, gguf, MODEL_LAYER)
    child = json.dumps({"layers": [ollama_blob(root, b"tensor", TENSOR_LAYER)]}).encode()
    reference = ollama_blob(root, child, "")
    _write(root, None, manifests=[{"runner": "ollama", "layers": [layer]}, reference])
    store = stores.ollama_store(root)
    [model] = store.contents(()).models
    assert len(model.others) == 2
    store.remove(store.removal(model))
    assert list((root / "blobs").iterdir()) == []


@pytest.mark.parametrize(
    "digest",
    [
        "sha256:../../../etc/passwd",
        "sha256:" + "a" * 63,
        "/etc/passwd",
        "sha256:" + "a" * 64 + "\n",
        "md5:" + "a" * 64,
        17,
        None,
    ],
)
def test_a_digest_is_nothing_but_a_digest(root: Path, digest: object) -> None:
    path = _write(root, {"mediaType": MODEL_LAYER, "digest": digest, "size": 1})
    [(code, message)] = _findings(root)
    assert code == "broken-manifest"
    assert str(path) in message


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"layers": 1}', "[" * 100_000])
def test_a_broken_manifest_is_told(root: Path, gguf: bytes, text: str) -> None:
    ollama(root, "tiny", [ollama_blob(root, gguf, MODEL_LAYER)])
    _write(root, None).write_text(text)
    assert [code for code, _ in _findings(root)] == ["broken-manifest"]
    assert _names(root) == ["tiny:latest"]


def test_a_pipe_is_no_manifest_and_nobody_waits_for_it(root: Path, gguf: bytes) -> None:
    ollama(root, "tiny", [ollama_blob(root, gguf, MODEL_LAYER)])
    path = _write(root, None)
    path.unlink()
    os.mkfifo(path)
    [(code, message)] = _findings(root)
    assert (code, "no ordinary file" in message) == ("broken-manifest", True)
    assert _names(root) == ["tiny:latest"]


def test_nothing_is_removed_beside_a_broken_manifest(root: Path, gguf: bytes) -> None:
    ollama(root, "tiny", [ollama_blob(root, gguf, MODEL_LAYER)])
    path = _write(root, None)
    path.write_text("{")
    store = stores.ollama_store(root)
    [model] = store.contents(()).models
    with pytest.raises(ConfigurationError) as caught:
        store.removal(model)
    assert caught.value.code == "store-damaged"
    assert str(path) in (caught.value.hint or "")


def test_a_missing_blob_is_told(root: Path, gguf: bytes) -> None:
    layer = ollama_blob(root, gguf, MODEL_LAYER)
    ollama(root, "tiny", [layer])
    (root / "blobs" / f"sha256-{stores.sha256(gguf)}").unlink()
    [(code, message)] = _findings(root)
    assert code == "missing-file"
    assert "`tiny:latest`" in message


def test_a_missing_template_does_not_hide_the_model(root: Path, gguf: bytes) -> None:
    layers = [ollama_blob(root, gguf, MODEL_LAYER), ollama_blob(root, b"{{}}", TEMPLATE_LAYER)]
    ollama(root, "tiny", layers)
    (root / "blobs" / f"sha256-{stores.sha256(b'{{}}')}").unlink()
    assert _names(root) == ["tiny:latest"]
    assert [code for code, _ in _findings(root)] == ["missing-file"]


def test_a_blob_of_another_size_is_told(root: Path, gguf: bytes) -> None:
    ollama(root, "tiny", [ollama_blob(root, gguf, MODEL_LAYER)])
    (root / "blobs" / f"sha256-{stores.sha256(gguf)}").write_bytes(gguf[:-1])
    assert [code for code, _ in _findings(root)] == ["wrong-size"]


def test_tensors_by_themselves_are_told(root: Path) -> None:
    ollama(root, "tiny", [ollama_blob(root, b"tensor", TENSOR_LAYER)])
    [(code, message)] = _findings(root)
    assert code == "unread-layout"
    assert "each tensor" in message


def test_an_adapter_is_told(root: Path, gguf: bytes) -> None:
    adapter = "application/vnd.ollama.image.adapter"
    layers = [ollama_blob(root, gguf, MODEL_LAYER), ollama_blob(root, b"lora", adapter)]
    ollama(root, "tuned", layers)
    [(code, message)] = _findings(root)
    assert code == "unread-layout"
    assert "(tuned:latest) puts an adapter over its weights" in message
    assert _names(root) == []


def test_an_interrupted_pull_is_told(root: Path, gguf: bytes) -> None:
    ollama(root, "tiny", [ollama_blob(root, gguf, MODEL_LAYER)])
    partial = root / "blobs" / f"sha256-{'b' * 64}-partial"
    with partial.open("wb") as file:  # Ollama reserves the whole file at once, as a hole
        file.write(b"x" * 8192)
        file.truncate(2**30)
    (root / "blobs" / f"sha256-{'b' * 64}-partial-0").write_text("{}")
    [finding] = stores.ollama_store(root).contents(()).findings
    assert finding.code == "incomplete-download"
    assert "1,073,741,824" not in finding.message


def test_links_out_of_the_store_are_not_followed(tmp_path: Path, gguf: bytes) -> None:
    root, outside = tmp_path / "models", tmp_path / "outside.gguf"
    outside.write_bytes(gguf)
    ollama(root, "tiny", [ollama_blob(root, gguf, MODEL_LAYER)])
    blob = root / "blobs" / f"sha256-{stores.sha256(gguf)}"
    blob.unlink()
    blob.symlink_to(outside)
    manifest = _write(root, None)
    manifest.rename(tmp_path / "manifest.json")
    manifest.symlink_to(tmp_path / "manifest.json")
    assert [code for code, _ in _findings(root)] == ["outside-of-store", "outside-of-store"]
    assert _names(root) == []


def test_a_store_may_be_a_link_itself(tmp_path: Path, gguf: bytes) -> None:
    real = tmp_path / "disk"
    ollama(real, "tiny", [ollama_blob(real, gguf, MODEL_LAYER)])
    (tmp_path / "models").symlink_to(real)
    assert _names(tmp_path / "models") == ["tiny:latest"]
