"""Hugging Face directories: `config.json` beside safetensors, MLX's included, or pickle weights."""

from lmrt.adapters.safetensors.reader import SafetensorsReader
from lmrt.adapters.safetensors.sketch import SafetensorsSketcher

__all__ = ["SafetensorsReader", "SafetensorsSketcher"]
