"""llama.cpp through llama-cpp-python: a token-level backend, and the tokenizer of a GGUF.

Importing this package loads nothing of the engine.
"""

from lmrt.ports.backend import Backend
from lmrt.ports.text import TokenizerFactory


def llama_cpp_backend() -> Backend:
    """Return the backend `llama.cpp`; the engine is imported by its first load."""
    from lmrt.adapters.llama_cpp.backend import LlamaCppBackend

    return LlamaCppBackend()


def gguf_tokenizers() -> TokenizerFactory:
    """Return the factory of GGUF tokenizers; the engine is imported by the first `open`."""
    from lmrt.adapters.llama_cpp.vocabulary import VocabularyFactory

    return VocabularyFactory()


__all__ = ["gguf_tokenizers", "llama_cpp_backend"]
