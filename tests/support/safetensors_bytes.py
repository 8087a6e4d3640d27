"""Safetensors files and Hugging Face directories written byte by byte, so that they can lie."""

import json
import struct
from pathlib import Path
from typing import Any

from lmrt.adapters.safetensors.header import DTYPE_BITS

LLAMA_CONFIG: dict[str, Any] = {
    "model_type": "llama",
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "vocab_size": 10,
}


def header(entries: dict[str, Any], data: bytes = b"", *, length: int | None = None) -> bytes:
    """Return a file with that header; `length` replaces the header's true length."""
    text = json.dumps(entries).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def tensors(shapes: dict[str, tuple[str, tuple[int, ...]]]) -> bytes:
    """Return a sound file of zeros; `shapes` has dtype and shape by name."""
    entries: dict[str, Any] = {}
    at = 0
    for name, (dtype, shape) in shapes.items():
        bits = DTYPE_BITS[dtype]
        for side in shape:
            bits *= side
        entries[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, at + bits // 8]}
        at += bits // 8
    return header(entries, bytes(at))


LLAMA_TENSORS: dict[str, tuple[str, tuple[int, ...]]] = {
    "model.embed_tokens.weight": ("F16", (10, 16)),
    "model.layers.0.self_attn.q_proj.weight": ("F16", (16, 16)),
    "model.layers.1.self_attn.q_proj.weight": ("F16", (16, 16)),
    "model.norm.weight": ("F16", (16,)),
    "lm_head.weight": ("F16", (10, 16)),
}


def write_directory(
    folder: Path,
    *,
    config: dict[str, Any] | None = None,
    weights: dict[str, tuple[str, tuple[int, ...]]] | None = None,
    **documents: Any,
) -> Path:
    """Write a small Llama directory; return the folder.

    Args:
        folder: Where, made where missing.
        config: Changes to `LLAMA_CONFIG`; None removes a key.
        weights: Tensors in place of `LLAMA_TENSORS`.
        documents: JSON files by name without `.json`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    merged = {**LLAMA_CONFIG, **(config or {})}
    settings = {key: value for key, value in merged.items() if value is not None}
    for name, value in {"config": settings, **documents}.items():
        (folder / f"{name}.json").write_text(json.dumps(value), "utf-8")
    (folder / "model.safetensors").write_bytes(tensors(weights or LLAMA_TENSORS))
    return folder


def write_shards(folder: Path, count: int = 2) -> list[Path]:
    """Spread the weights of a directory over shards with an index; return the shards."""
    write_directory(folder)
    (folder / "model.safetensors").unlink()
    names = [f"model-{number:05}-of-{count:05}.safetensors" for number in range(1, count + 1)]
    places = {tensor: names[at % count] for at, tensor in enumerate(LLAMA_TENSORS)}
    for name in names:
        own = {key: value for key, value in LLAMA_TENSORS.items() if places[key] == name}
        (folder / name).write_bytes(tensors(own))
    write_index(folder, places)
    return [folder / name for name in names]


def write_index(folder: Path, places: Any) -> None:
    """Write `model.safetensors.index.json`; `places` has the file of each tensor."""
    index = {"metadata": {"total_size": 1}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), "utf-8")
