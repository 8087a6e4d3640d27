"""GGUF files of published sizes and types, with no data in them."""

import math
import os
from pathlib import Path

import gguf
import numpy as np

from lmrt.adapters.gguf.tensor_types import FILE_TYPES, TENSOR_TYPES, TensorType
from tests.support.blueprints.blueprint import Blueprint, Tensor, add_value
from tests.support.published.mixes import mixed, tensor_type

_ALIGNMENT = 32
_TYPES = {kind.name: (number, kind) for number, kind in TENSOR_TYPES.items()}
_FILE_TYPES = {name: number for number, name in FILE_TYPES.items()}


def write_gguf(blueprint: Blueprint, mix: str, path: Path, name: str) -> Path:
    """Write a model's file in a mix of quantization, its data a hole; return the path."""
    writer = gguf.GGUFWriter(path, blueprint.architecture)
    writer.add_name(name)
    writer.add_tokenizer_model("no_vocab")
    writer.add_file_type(_FILE_TYPES[mix])
    for key, value in blueprint.keys.items():
        add_value(writer, f"{blueprint.architecture}.{key}", value)
    stored, facts = 0, mixed(blueprint)
    for tensor in blueprint.tensors:
        number, kind = _TYPES[tensor_type(mix, tensor, facts)]
        size = _bytes(tensor, kind)
        writer.add_tensor_info(
            tensor[0],
            tuple(reversed(tensor[1])),
            np.dtype(np.float32),
            size,
            gguf.GGMLQuantizationType(number),
        )
        stored += -(-size // _ALIGNMENT) * _ALIGNMENT
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    header = -(-path.stat().st_size // _ALIGNMENT) * _ALIGNMENT
    os.truncate(path, header + stored)
    return path


def _bytes(tensor: Tensor, kind: TensorType) -> int:
    return math.prod(tensor[1]) // kind.block * kind.size
