"""GGUF files, llama.cpp's format, read without any library."""

from lmrt.adapters.gguf.reader import GgufReader

__all__ = ["GgufReader"]
