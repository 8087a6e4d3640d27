"""GGUF files, llama.cpp's format, read without any library."""

from lmrt.adapters.gguf.reader import GgufReader
from lmrt.adapters.gguf.sketch import GgufSketcher
from lmrt.adapters.gguf.vocabulary import check_vocabulary

__all__ = ["GgufReader", "GgufSketcher", "check_vocabulary"]
