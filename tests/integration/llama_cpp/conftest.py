"""The models of the contracts, and a backend to load them with."""

import pytest

from tests.contract.conftest import hybrid_gguf, recurrent_gguf, sliding_gguf, tiny_gguf

__all__ = ["hybrid_gguf", "recurrent_gguf", "sliding_gguf", "tiny_gguf"]

pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
