"""A Hub on this machine that holds the published models of the catalogue, without their weights."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lmrt.adapters.catalogue import read_catalogue
from lmrt.domain.catalogue import Entry, Variant
from lmrt.domain.models import ArtifactFormat
from tests.support.blueprints.blueprint import Blueprint
from tests.support.hub_server import HubServer, Repository, ServedFile
from tests.support.published.gguf_files import write_gguf
from tests.support.published.hf_files import write_mlx, write_plain
from tests.support.published.hf_tensors import parts_of
from tests.support.published.models import Published


def serve(hub: HubServer, model: Published, folder: Path) -> None:
    """Write a model's repositories below a folder and serve them; nothing is hashed."""
    entry = entry_of(model)
    for variant in entry.variants:
        name = variant.repository.repository
        place = folder / name.replace("/", "--")
        _write(model, entry, variant, place)
        files = {path.name: _served(name, path) for path in sorted(place.iterdir())}
        commit = hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()
        hub.repositories[name] = Repository(commits={commit: files}, refs={"main": commit})


def entry_of(model: Published) -> Entry:
    """Return what the catalogue tells of a model."""
    entry = read_catalogue().find(model.alias)
    assert entry is not None, model.alias
    return entry


def _write(model: Published, entry: Entry, variant: Variant, place: Path) -> None:
    if variant.format is ArtifactFormat.GGUF:
        place.mkdir(parents=True)
        header = _with_context(model.blueprint, entry.context)
        for mix in model.mixes:
            write_gguf(header, mix, place / model.file(mix), f"{entry.title} {entry.size}")
        return
    rounded = variant.quantization in ("4-bit", "8-bit")
    parts = parts_of(model.sizes, model.layers, model.build, tied=model.tied, mlx=rounded)
    config = _config(model, entry.context)
    if rounded:
        write_mlx(parts, config, place, int(str(variant.quantization)[0]))
    else:
        write_plain(parts, config, place)


def _with_context(blueprint: Blueprint, context: int) -> Blueprint:
    keys = {**blueprint.keys, "context_length": context}
    return Blueprint(blueprint.architecture, keys, blueprint.tensors, blueprint.source)


def _config(model: Published, context: int) -> Mapping[str, Any]:
    sizes = model.sizes
    config: dict[str, Any] = {
        "hidden_size": sizes.hidden,
        "num_hidden_layers": model.layers,
        "num_attention_heads": sizes.heads,
        "num_key_value_heads": sizes.kv_heads,
        "head_dim": sizes.head,
        "intermediate_size": sizes.inner,
        "vocab_size": sizes.vocabulary,
        "max_position_embeddings": context,
        "tie_word_embeddings": model.tied,
        "dtype": "bfloat16",
        **model.config,
    }
    if sizes.experts:
        config |= {"num_experts": sizes.experts, "num_experts_per_tok": sizes.used}
    if model.nested is None:
        return config
    return {"model_type": model.nested, "text_config": config, "vision_config": {}}


def _served(repository: str, path: Path) -> ServedFile:
    """Return a file under hashes that are made up: what lies in a hole is never fetched."""
    told = f"{repository}/{path.name} {path.stat().st_size}".encode()
    sha1 = hashlib.sha1(told, usedforsecurity=False).hexdigest()
    large = path.suffix in (".gguf", ".safetensors")
    return ServedFile(
        path, path.stat().st_size, sha1, hashlib.sha256(told).hexdigest() if large else None
    )
