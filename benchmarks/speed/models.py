"""The models that are measured: random weights, of three shapes."""

import ctypes
from pathlib import Path
from typing import Any

from attrs import evolve

from tests.support.tiny_models import BENCHMARK_MODEL, TinyModel, write_gguf, write_hf

SHAPES: dict[str, TinyModel] = {
    "20M": TinyModel(
        name="20M",
        layers=8,
        hidden=384,
        heads=6,
        kv_heads=6,
        feed_forward=1024,
        vocabulary=8192,
        context=4096,
        dtype="F16",
    ),
    "100M": evolve(BENCHMARK_MODEL, name="100M"),
    "300M": TinyModel(
        name="300M",
        layers=20,
        hidden=1024,
        heads=16,
        kv_heads=8,
        feed_forward=2816,
        vocabulary=32_000,
        context=4096,
        dtype="F16",
        tied=True,
    ),
}


def gguf_file(folder: Path, shape: str, quantization: str) -> Path:
    """Return a GGUF of a shape, written where it is missing."""
    path = folder / f"{shape}-{quantization}.gguf"
    if path.exists():
        return path
    if quantization in ("F32", "F16", "Q8_0"):
        dtype: Any = quantization
        return write_gguf(evolve(SHAPES[shape], dtype=dtype), path)
    _quantize(gguf_file(folder, shape, "F16"), path, quantization)
    return path


def hf_folder(folder: Path, shape: str) -> Path:
    """Return a directory of a shape in float32, written where it is missing."""
    place = folder / f"{shape}-hf"
    if not place.exists():
        write_hf(evolve(SHAPES[shape], dtype="F32"), place)
    return place


def _quantize(source: Path, target: Path, quantization: str) -> None:
    import llama_cpp as api

    api.llama_backend_init()
    params = api.llama_model_quantize_default_params()
    params.ftype = getattr(api, f"LLAMA_FTYPE_MOSTLY_{quantization}")
    params.nthread = 1
    if api.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(params)):
        raise RuntimeError(f"{source} cannot be quantized to {quantization}")
