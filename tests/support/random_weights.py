"""Giving the models of `tests.support.architectures` weights to tell tokens apart with."""

from pathlib import Path

import gguf
import numpy as np

from tests.support.architectures import write_architecture


def write_random_architecture(
    name: str, path: Path, *, window: int | None = None, seed: int = 0
) -> Path:
    """Write the architecture's tiny model with random weights; return the path.

    Args:
        name: A key of `ARCHITECTURES`.
        path: The file.
        window: Tokens that sliding-window layers look back at, or None for the architecture's own.
        seed: Of the weights.
    """
    write_architecture(name, path)
    reader = gguf.GGUFReader(path, "r+")
    if window is not None:
        reader.fields[f"{name}.attention.sliding_window"].parts[-1][0] = window
    random = np.random.default_rng(seed)
    for tensor in reader.tensors:
        shape = tensor.data.shape
        drawn = random.standard_normal(shape, dtype=np.float32)
        if tensor.name.endswith("ssm_a"):
            tensor.data[:] = -np.abs(drawn) - 0.1  # a state that decays
        elif len(shape) == 1:
            tensor.data[:] = 1 + drawn / 10
        else:
            # Small enough that rounding does not grow from layer to layer.
            tensor.data[:] = drawn * np.float32(1.5 / np.sqrt(shape[-1]))
    del reader
    return path
