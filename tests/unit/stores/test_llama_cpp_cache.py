"""The folder that llama.cpp downloaded into before it took the Hugging Face cache."""

from pathlib import Path

import pytest

from lmrt.domain.stores import Sha256
from tests.support import stores
from tests.support.stores import llama_cpp
from tests.support.tiny_models import TinyModel, write_gguf

TINY = TinyModel(layers=2, vocabulary=300)


@pytest.fixture
def gguf(tmp_path: Path) -> bytes:
    return write_gguf(TINY, tmp_path / "source" / "tiny.gguf").read_bytes()


def test_the_manifest_tells_the_hash(tmp_path: Path, gguf: bytes) -> None:
    llama_cpp(tmp_path / "cache", "org/name", {"F32/tiny.gguf": gguf})
    [model] = stores.llama_cpp_store(tmp_path / "cache").contents(()).models
    assert model.name == "org_name_F32_tiny.gguf"
    assert model.weights[0].content == Sha256(stores.sha256(gguf))


def test_without_a_manifest_the_hash_is_unknown(tmp_path: Path, gguf: bytes) -> None:
    path = llama_cpp(tmp_path / "cache", "org/name", {"tiny.gguf": gguf})
    for text in ("{", "[]", '{"ggufFile": 3}', "[" * 100_000):
        next(path.parent.glob("manifest=*")).write_text(text)
        [model] = stores.llama_cpp_store(tmp_path / "cache").contents(()).models
        assert model.weights[0].content is None


def test_parts_count_as_one_and_go_together(tmp_path: Path) -> None:
    write_gguf(TINY, tmp_path / "source" / "tiny.gguf", split_max_tensors=6)
    parts = {path.name: path.read_bytes() for path in sorted((tmp_path / "source").iterdir())}
    llama_cpp(tmp_path / "cache", "org/name", parts)
    store = stores.llama_cpp_store(tmp_path / "cache")
    [model] = store.contents(()).models
    assert len(model.weights) == len(parts) > 1
    store.remove(store.removal(model))
    assert list((tmp_path / "cache").iterdir()) == []


def test_records_of_other_models_stay(tmp_path: Path, gguf: bytes) -> None:
    llama_cpp(tmp_path / "cache", "org/one", {"tiny.gguf": gguf})
    kept = llama_cpp(tmp_path / "cache", "org/two", {"tiny.gguf": gguf})
    store = stores.llama_cpp_store(tmp_path / "cache")
    one, _ = store.contents(()).models
    store.remove(store.removal(one))
    assert sorted(path.name for path in kept.parent.iterdir()) == [
        "manifest=org=two=latest.json",
        kept.name,
        f"{kept.name}.etag",
    ]


def test_an_interrupted_download_is_told(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "org_name_tiny.gguf.downloadInProgress").write_bytes(b"half")
    [finding] = stores.llama_cpp_store(cache).contents(()).findings
    assert finding.code == "incomplete-download"
