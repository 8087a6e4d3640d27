"""llama.cpp through llama-cpp-python: a token-level backend, and the tokenizer of a GGUF.

Importing this package loads nothing of the engine.
"""

from collections.abc import Callable
from pathlib import Path

from lmrt.ports.backend import Backend
from lmrt.ports.text import TokenizerFactory


def llama_cpp_backend() -> Backend:
    """Return the backend `llama.cpp`; the engine is imported by its first load."""
    from lmrt.adapters.llama_cpp.backend import LlamaCppBackend

    return LlamaCppBackend()


def gguf_tokenizers(check: Callable[[Path], None] | None = None) -> TokenizerFactory:
    """Return the factory of GGUF tokenizers; the engine is imported by the first `open`.

    Args:
        check: Refuses a file before the engine reads its vocabulary, which for some ends the
            process; None lets it read any.
    """
    from lmrt.adapters.llama_cpp.vocabulary import VocabularyFactory

    return VocabularyFactory(check)


__all__ = ["gguf_tokenizers", "llama_cpp_backend"]
