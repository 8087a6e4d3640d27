"""Hugging Face directories: `config.json` beside safetensors, MLX's included, or pickle weights."""

from lmrt.adapters.safetensors.reader import SafetensorsReader

__all__ = ["SafetensorsReader"]
