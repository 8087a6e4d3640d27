"""The records of an Ollama store: which name means which blobs.

::

    manifests/HOST/NAMESPACE/MODEL/TAG         JSON: a configuration and layers, each with media
    manifests-v2/HOST/NAMESPACE/MODEL/TAG      type, digest and size; in v2 a link to a blob
    blobs/sha256-DIGEST                        the layers

A manifest may list others, one for each of Ollama's engines, whole or by the digest of their blob
(`manifest/manifest.go` and `manifest/layer.go` of https://github.com/ollama/ollama).
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import field, frozen

from lmrt.adapters.stores.broken import unreadable_place
from lmrt.adapters.stores.looking import is_file
from lmrt.domain.findings import BrokenManifest, Finding, OutsideOfStore

MODEL = "application/vnd.ollama.image.model"
ADAPTER = "application/vnd.ollama.image.adapter"
TENSOR = "application/vnd.ollama.image.tensor"
MANIFEST_FOLDERS = ("manifests-v2", "manifests")
_DIGEST = re.compile(r"sha256[:-]([0-9a-fA-F]{64})")
_DEPTH = len(("HOST", "NAMESPACE", "MODEL"))
_DEFAULT_HOSTS = ("registry.ollama.ai", "ollama.com")
_DEFAULT_NAMESPACE = "library"
_LARGEST = 2**22
"""Bytes of the largest manifest that is read; those with one layer a tensor have some 200,000."""


@frozen
class Layer:
    """One blob of a model; `size` is what the manifest records, in bytes."""

    media_type: str
    digest: str
    size: int

    def blob(self, root: Path) -> Path:
        """Return where the blob lies."""
        return root / "blobs" / f"sha256-{self.digest}"


@frozen
class Manifest:
    """The record of one name.

    Attributes:
        name: What Ollama calls the model: `qwen3:4b`, `me/mine:latest`, `hf.co/org/name:Q4_K_M`.
        paths: Where the name is recorded.
        layers: Every blob that the name needs, of all its engines.
    """

    name: str
    paths: tuple[Path, ...]
    layers: tuple[Layer, ...] = field(default=())


def manifests(root: Path) -> tuple[list[Manifest], list[Finding]]:
    """Return the records of a store, and what is broken; the newer folder counts first."""
    found: dict[str, Manifest] = {}
    findings: list[Finding] = []
    for folder in MANIFEST_FOLDERS:
        for path in _files(root / folder, findings):
            name = _name(path.relative_to(root / folder).parts)
            if name in found:
                known = found[name]
                found[name] = Manifest(name, (*known.paths, path), known.layers)
                continue
            read = _read(root, path)
            if isinstance(read, tuple):
                found[name] = Manifest(name, (path,), read)
            else:
                findings.append(read)
    return [found[name] for name in sorted(found)], findings


def _files(folder: Path, findings: list[Finding]) -> list[Path]:
    def unread(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            findings.append(unreadable_place(Path(error.filename), error))

    found = []
    for place, folders, names in os.walk(folder, onerror=unread):
        folders.sort()
        if len(Path(place).relative_to(folder).parts) == _DEPTH:
            folders.clear()
            found += [Path(place) / name for name in sorted(names) if name[0] != "."]
    return found


def _name(parts: tuple[str, ...]) -> str:
    """Return the name as Ollama shows it, without what is the default."""
    host, namespace, model, tag = parts
    if host not in _DEFAULT_HOSTS:
        return f"{host}/{namespace}/{model}:{tag}"
    return f"{model}:{tag}" if namespace == _DEFAULT_NAMESPACE else f"{namespace}/{model}:{tag}"


def _read(root: Path, path: Path) -> tuple[Layer, ...] | Finding:
    target = Path(os.path.realpath(path))
    if not target.is_relative_to(os.path.realpath(root)):
        return OutsideOfStore(path, target)
    try:
        data = _data(path)
        layers = [*_layers(root, json.loads(data), nested=False), *_own_blob(root, data)]
        return tuple(dict.fromkeys(layers))
    except OSError as error:
        return unreadable_place(Path(error.filename or path), error)
    except (ValueError, RecursionError) as error:
        return BrokenManifest(path, f"is none: {error}")


def _data(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        raise ValueError("it is no ordinary file")
    with path.open("rb") as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise ValueError(f"it has more than {_LARGEST:,} bytes")
    return data


def _own_blob(root: Path, data: bytes) -> Iterator[Layer]:
    """Yield the blob that a newer store keeps the manifest in, under its name or a link's."""
    layer = Layer("", hashlib.sha256(data).hexdigest(), len(data))
    if is_file(layer.blob(root)):
        yield layer


def _layers(root: Path, document: Any, *, nested: bool) -> Iterator[Layer]:
    match document:
        case {"manifests": list(children)} if not nested:
            for child in children:
                yield from _child(root, child)
        case {"layers": list(layers)}:
            yield from map(_layer, layers)
            match document.get("config"):
                case {"digest": str(_)} as config:
                    yield _layer(config)
                case _:
                    pass  # the blob of settings is nothing that a model needs
        case _:
            raise ValueError("it names no layers")


def _child(root: Path, child: Any) -> Iterator[Layer]:
    match child:
        case {"layers": [_, *_]}:
            yield from _layers(root, child, nested=True)
        case {"digest": str(text)}:
            path = root / "blobs" / f"sha256-{_digest(text)}"
            yield Layer("", _digest(text), path.stat().st_size)
            yield from _layers(root, json.loads(_data(path)), nested=True)
        case _:
            raise ValueError("it lists a manifest without layers and digest")


def _layer(layer: Any) -> Layer:
    match layer:
        case {"mediaType": str(media_type), "digest": str(digest), "size": int(size)}:
            return Layer(media_type, _digest(digest), size)
        case _:
            raise ValueError("a layer has no media type, digest and size")


def _digest(text: str) -> str:
    """Return the hexadecimal digits; a digest becomes a file's name and must be nothing else."""
    match = _DIGEST.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:80]!r} is no digest")
    return match[1].lower()
