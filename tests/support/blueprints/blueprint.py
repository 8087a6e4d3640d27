"""One model's header: its keys and its tensors, to be written without any data."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from attrs import frozen

Value = int | float | bool | list[int] | list[bool]
Tensor = tuple[str, tuple[int, ...]]
"""A tensor's name and its dimensions in ggml's order, the rows' length first."""

_ALIGNMENT = 32
_PLAIN = ("ssm_conv1d", "ssm_a", "ssm_d", "shortconv.conv", "ffn_gate_inp", "_norm", "altup_")
"""Parts of the names of tensors that converters leave in 32 bits."""


@frozen
class Blueprint:
    """A model's header.

    Attributes:
        architecture: Its name in GGUF.
        keys: Metadata under the architecture's name.
        tensors: All tensors.
        source: Where the sizes are published.
    """

    architecture: str
    keys: Mapping[str, Value]
    tensors: tuple[Tensor, ...]
    source: str

    def write(self, path: Path) -> Path:
        """Write the file, its data being zeros that take no space on the disk; return the path."""
        writer = gguf.GGUFWriter(path, self.architecture)
        writer.add_tokenizer_model("no_vocab")
        for key, value in self.keys.items():
            add_value(writer, f"{self.architecture}.{key}", value)
        stored = 0
        for name, size in self.tensors:
            plain = len(size) == 1 or any(part in name for part in _PLAIN)
            kind = np.dtype(np.float32 if plain else np.float16)
            count = int(np.prod(size)) * kind.itemsize
            writer.add_tensor_info(name, tuple(reversed(size)), kind, count)
            stored += -(-count // _ALIGNMENT) * _ALIGNMENT
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        writer.close()
        header = -(-path.stat().st_size // _ALIGNMENT) * _ALIGNMENT
        os.truncate(path, header + stored)
        return path


def blueprint(
    architecture: str,
    source: str,
    keys: Mapping[str, Value],
    layers: Iterable[Iterable[Tensor]],
    ends: Iterable[Tensor],
) -> Blueprint:
    """Return a blueprint.

    Args:
        architecture: Its name in GGUF.
        source: Where the sizes are published.
        keys: Metadata under the architecture's name, without the number of layers.
        layers: The tensors of each layer, without `blk.N.` in their names.
        ends: The other tensors.
    """
    listed = [list(layer) for layer in layers]
    repeated = (
        (f"blk.{number}.{name}", size)
        for number, layer in enumerate(listed)
        for name, size in layer
    )
    all_keys = {"block_count": len(listed), "context_length": 1 << 20, **keys}
    return Blueprint(architecture, all_keys, (*ends, *repeated), source)


def add_value(writer: Any, key: str, value: Value) -> None:
    """Add a pair of the type that converters use for such a value."""
    match value:
        case bool():
            writer.add_bool(key, value)
        case int():
            writer.add_uint32(key, value)
        case float():
            writer.add_float32(key, value)
        case list():
            writer.add_array(key, value)
