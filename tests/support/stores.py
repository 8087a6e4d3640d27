"""Stores of models laid out on disk as the tools that own them do.

The layouts are those of huggingface_hub (`file_download.py`, `_cache_manager.py`), Ollama
(`manifest/manifest.go`, `manifest/layer.go`, `server/modelpath.go`), LM Studio
(https://lmstudio.ai/docs/basics/import-model) and llama.cpp before it took the Hugging Face cache
(`common/arg.cpp`, `common/download.cpp`, and `migrate_old_cache_to_hf_cache` in
`common/hf-cache.cpp`).
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lmrt.adapters.filesystem import model_folders
from lmrt.adapters.gguf import GgufReader
from lmrt.adapters.safetensors import SafetensorsReader
from lmrt.adapters.stores import (
    DiskContent,
    FolderStore,
    HuggingFaceStore,
    LlamaCppStore,
    OllamaStore,
    PlaceReader,
    below_models_dir,
    bundled,
    by_path,
)
from lmrt.application.stores import Stores
from lmrt.domain.stores import StoreName
from lmrt.ports.stores import ModelStore

READERS = (GgufReader(), SafetensorsReader())
READER = PlaceReader(READERS)
COMMIT = "0" * 39 + "1"
OTHER_COMMIT = "0" * 39 + "2"
_LARGE = (".gguf", ".safetensors", ".bin")

MODEL_LAYER = "application/vnd.ollama.image.model"
TEMPLATE_LAYER = "application/vnd.ollama.image.template"
LICENSE_LAYER = "application/vnd.ollama.image.license"
TENSOR_LAYER = "application/vnd.ollama.image.tensor"
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"


def sha256(data: bytes) -> str:
    """Return the hexadecimal SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def git_sha1(data: bytes) -> str:
    """Return the hash that git gives a file with these bytes."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def hugging_face(
    cache: Path,
    repository: str,
    files: Mapping[str, bytes],
    *,
    commit: str = COMMIT,
    ref: str | None = "main",
) -> Path:
    """Write a revision into a Hugging Face cache and return its snapshot's folder."""
    folder = cache / f"models--{repository.replace('/', '--')}"
    snapshot = folder / "snapshots" / commit
    for name, data in files.items():
        blob = folder / "blobs" / (sha256(data) if name.endswith(_LARGE) else git_sha1(data))
        blob.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(data)
        link = snapshot / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(blob, link.parent))
    if ref is not None:
        (folder / "refs").mkdir(exist_ok=True)
        (folder / "refs" / ref).write_text(commit)
    return snapshot


def ollama_blob(root: Path, data: bytes, media_type: str) -> dict[str, Any]:
    """Write a blob into an Ollama store and return its layer."""
    path = root / "blobs" / f"sha256-{sha256(data)}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return {"mediaType": media_type, "digest": f"sha256:{sha256(data)}", "size": len(data)}


def ollama(
    root: Path,
    model: str,
    layers: Sequence[dict[str, Any]],
    *,
    tag: str = "latest",
    owner: str = "registry.ollama.ai/library",
    newer: bool = False,
) -> Path:
    """Write a name into an Ollama store and return its manifest.

    Args:
        root: The store.
        model: The model's name.
        layers: Its layers, of `ollama_blob`.
        tag: The tag.
        owner: Host and namespace.
        newer: Whether the manifest is a blob, and the name in `manifests-v2` a link to it.
    """
    config = ollama_blob(root, json.dumps({"model_format": "gguf", "tag": tag}).encode(), _CONFIG)
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": config,
        "layers": list(layers),
    }
    data = json.dumps(manifest, separators=(",", ":")).encode()
    path = root / ("manifests-v2" if newer else "manifests") / owner / model / tag
    path.parent.mkdir(parents=True, exist_ok=True)
    if newer:
        ollama_blob(root, data, _MANIFEST)
        blob = root / "blobs" / f"sha256-{sha256(data)}"
        path.symlink_to(os.path.relpath(blob, path.parent))
    else:
        path.write_bytes(data)
    return path


def llama_cpp(
    folder: Path, repository: str, files: Mapping[str, bytes], *, tag: str = "latest"
) -> Path:
    """Write the files of a repository into llama.cpp's old cache; return the first one's path."""
    folder.mkdir(parents=True, exist_ok=True)
    flat = repository.replace("/", "_")
    paths = []
    for name, data in files.items():
        path = folder / f"{flat}_{name.replace('/', '_')}"
        path.write_bytes(data)
        path.with_name(path.name + ".etag").write_text(f'"{sha256(data)[:8]}"')
        paths.append(path)
    name, data = next(iter(files.items()))
    told = {"rfilename": name, "size": len(data), "lfs": {"sha256": sha256(data)}}
    manifest = folder / f"manifest={repository.replace('/', '=')}={tag}.json"
    manifest.write_text(json.dumps({"ggufFile": told}))
    return paths[0]


def models_dir_store(root: Path) -> FolderStore:
    """Return the store of a models directory."""
    return FolderStore(
        StoreName.MODELS_DIR, (root,), reader=READER, walk=model_folders, refer=below_models_dir
    )


def lm_studio_store(root: Path) -> FolderStore:
    """Return the store of an LM Studio folder."""
    return FolderStore(
        StoreName.LM_STUDIO, (root,), reader=READER, walk=model_folders, refer=by_path
    )


def bundled_store(folder: Path) -> FolderStore:
    """Return the store of a model that comes with lmrt."""
    return FolderStore(
        StoreName.BUNDLED, (folder,), reader=READER, walk=model_folders, refer=bundled
    )


def hugging_face_store(cache: Path) -> HuggingFaceStore:
    """Return the store of a Hugging Face cache."""
    return HuggingFaceStore(cache, READER, model_folders)


def ollama_store(*roots: Path) -> OllamaStore:
    """Return the store of Ollama's folders."""
    return OllamaStore(roots, READER)


def llama_cpp_store(folder: Path) -> LlamaCppStore:
    """Return the store of llama.cpp's old cache."""
    return LlamaCppStore(folder, READER)


def view(*stores: ModelStore) -> Stores:
    """Return the one view over some stores."""
    return Stores(stores, DiskContent())
