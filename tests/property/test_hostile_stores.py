"""Whatever lies in a store is a model or a finding, and nothing outside of it is touched."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from lmrt.domain.errors import LmrtError
from lmrt.ports.stores import ModelStore
from tests.support import stores
from tests.support.stores import MODEL_LAYER, TENSOR_LAYER
from tests.support.tiny_models import TinyModel, write_gguf

DIGEST = "a" * 64
SECRET = b"secret"

_texts = st.sampled_from(
    ["", MODEL_LAYER, TENSOR_LAYER, f"sha256:{DIGEST}", f"sha256-{DIGEST}", "sha256:..", "../../x"]
) | st.text(max_size=8)
_numbers = st.integers(-1, 2**64) | st.floats()
_keys = st.sampled_from(
    ["layers", "config", "manifests", "mediaType", "digest", "size", "ggufFile", "rfilename", "lfs"]
)
_documents = st.recursive(
    st.none() | st.booleans() | _numbers | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=4),
    max_leaves=12,
)


def _tiny() -> bytes:
    tiny = TinyModel(layers=1, hidden=32, feed_forward=32, vocabulary=261)
    with tempfile.TemporaryDirectory() as folder:
        return write_gguf(tiny, Path(folder) / "tiny.gguf").read_bytes()


TINY = _tiny()
MANIFEST = json.dumps(
    {"layers": [{"mediaType": MODEL_LAYER, "digest": f"sha256:{DIGEST}", "size": len(TINY)}]}
).encode()
_data = st.one_of(
    st.just(TINY),
    st.just(MANIFEST),
    st.just(b"1" * 40),
    st.binary(max_size=40),
    st.just(b"GGUF\x03\x00\x00\x00"),
    _documents.map(lambda document: json.dumps(document).encode()),
)
_names = st.sampled_from(
    [
        "config.json",
        "model.safetensors",
        "model.safetensors.index.json",
        "a.gguf",
        "a-00001-of-00002.gguf",
        "pytorch_model.bin",
        "x.incomplete",
        "manifest=org=name=latest.json",
        "refs/main",
        "snapshots/" + "1" * 40 + "/a.gguf",
        "snapshots/" + "1" * 40 + "/config.json",
        "blobs/" + DIGEST,
        "blobs/sha256-" + DIGEST,
        "blobs/sha256-" + DIGEST + "-partial",
        "manifests/registry.ollama.ai/library/tiny/latest",
        "manifests-v2/hf.co/org/tiny/latest",
        "models--org--name/refs/main",
        "models--org--name/snapshots/" + "1" * 40 + "/a.gguf",
        "models--org--name/blobs/" + DIGEST,
        "models--x",
    ]
)
_targets = st.sampled_from(
    ["..", ".", "../outside", "../../outside", "a.gguf", "../secret", "blobs"]
)
_entries = st.dictionaries(_names, _data | _targets, max_size=8)


@contextmanager
def _world(entries: dict[str, Any]) -> Iterator[Path]:
    """Lay out a store beside a secret: bytes are files, texts are links."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(os.path.realpath(folder)) / "store"
        root.mkdir()
        (root.parent / "secret").write_bytes(SECRET)
        (root.parent / "outside").mkdir()
        (root.parent / "outside" / "model.gguf").write_bytes(TINY)
        for name, content in entries.items():
            path = root / name
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                if isinstance(content, bytes):
                    path.write_bytes(content)
                else:
                    path.symlink_to(content)
            except OSError:  # one name is the folder of another, or lies behind a link
                continue
        yield root


def _stores(root: Path) -> tuple[ModelStore, ...]:
    return (
        stores.models_dir_store(root),
        stores.hugging_face_store(root),
        stores.ollama_store(root),
        stores.llama_cpp_store(root),
    )


@given(_entries)
def test_anything_can_be_listed(entries: dict[str, Any]) -> None:
    with _world(entries) as root:
        for store in _stores(root):
            contents = store.contents(())
            for finding in contents.findings:
                assert finding.message
            names = [model.name for model in contents.models]
            assert names == sorted(set(names))


@given(_entries)
def test_removal_touches_nothing_outside(entries: dict[str, Any]) -> None:
    with _world(entries) as root:
        for store in _stores(root):
            for model in store.contents(()).models:
                try:
                    removal = store.removal(model)
                    assert all(_inside(root, path) for path in removal.files)
                    store.remove(removal)
                except LmrtError:
                    continue
        assert (root.parent / "secret").read_bytes() == SECRET
        assert (root.parent / "outside" / "model.gguf").read_bytes() == TINY


def _inside(root: Path, path: Path) -> bool:
    return Path(os.path.realpath(path.parent)).is_relative_to(root)


@given(_documents)
@example({"layers": [], "config": True})
def test_any_manifest_is_a_model_or_a_finding(document: Any) -> None:
    with _world({}) as root:
        layer = stores.ollama_blob(root, b"blob", MODEL_LAYER)
        path = stores.ollama(root, "tiny", [layer])
        path.write_text(json.dumps(document))
        contents = stores.ollama_store(root).contents(())
        assert contents.models or contents.findings
