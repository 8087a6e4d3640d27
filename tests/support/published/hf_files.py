"""Directories of published sizes as transformers and mlx-lm keep them, with no data in them."""

import json
import math
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lmrt.adapters.safetensors.header import DTYPE_BITS
from tests.support.published.hf_tensors import Part, Role

_SHARD = 5 * 10**9
"""Bytes of the largest shard, as `save_pretrained` cuts them."""
_GROUP = 64

Entry = tuple[str, str, tuple[int, ...]]
"""A tensor's name, dtype and shape."""


def write_plain(parts: list[Part], config: Mapping[str, Any], folder: Path) -> Path:
    """Write a directory of bfloat16 weights; experts that the maker rounded stay so."""
    return _write([entry for part in parts for entry in _plain(part)], config, folder)


def write_mlx(parts: list[Part], config: Mapping[str, Any], folder: Path, bits: int) -> Path:
    """Write a directory as mlx-lm rounds one, in groups of 64.

    Experts that the maker rounded to MXFP4 stay so, and the configuration tells the bits of all
    other modules one by one.
    """
    entries = [entry for part in parts for entry in _rounded(part, bits)]
    quantization: dict[str, Any] = {"group_size": _GROUP, "bits": bits}
    if any(part.role is Role.MXFP4 for part in parts):
        own = {_module(part): dict(quantization) for part in parts if part.role is Role.MATRIX}
        quantization = {"group_size": 32, "bits": 4, "mode": "mxfp4", **own}
    kept = {key: value for key, value in config.items() if key != "quantization_config"}
    return _write(entries, {**kept, "quantization": quantization}, folder)


def _plain(part: Part) -> Iterator[Entry]:
    if part.role is not Role.MXFP4:
        yield part.name, "BF16", part.shape
        return
    *outer, inner = part.shape
    yield f"{part.name}_blocks", "U8", (*outer, inner // 32, 16)
    yield f"{part.name}_scales", "U8", (*outer, inner // 32)


def _rounded(part: Part, bits: int) -> Iterator[Entry]:
    *outer, inner = part.shape
    match part.role:
        case Role.MATRIX if inner % _GROUP == 0:
            yield part.name, "U32", (*outer, inner * bits // 32)
            for kind in ("scales", "biases"):
                yield f"{_module(part)}.{kind}", "BF16", (*outer, inner // _GROUP)
        case Role.MXFP4:
            yield f"{part.name}.weight", "U32", (*outer, inner // 8)
            yield f"{part.name}.scales", "U8", (*outer, inner // 32)
        case _:
            yield part.name, "BF16", part.shape


def _module(part: Part) -> str:
    return part.name.removesuffix(".weight")


def _write(entries: list[Entry], config: Mapping[str, Any], folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    shards: list[list[Entry]] = [[]]
    room = _SHARD
    for entry in entries:
        size = _bytes(entry)
        if size > room and shards[-1]:
            shards.append([])
            room = _SHARD
        shards[-1].append(entry)
        room -= size
    if len(shards) == 1:
        _write_shard(shards[0], folder / "model.safetensors")
        return folder
    places = {}
    for number, shard in enumerate(shards, 1):
        name = f"model-{number:05}-of-{len(shards):05}.safetensors"
        _write_shard(shard, folder / name)
        places.update({tensor: name for tensor, _, _ in shard})
    index = {"metadata": {}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), "utf-8")
    return folder


def _write_shard(entries: list[Entry], path: Path) -> None:
    header, at = {}, 0
    for entry in entries:
        name, dtype, shape = entry
        end = at + _bytes(entry)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, end]}
        at = end
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + at)


def _bytes(entry: Entry) -> int:
    _, dtype, shape = entry
    return math.prod(shape) * DTYPE_BITS[dtype] // 8
