"""Greedy generation with llama.cpp's low-level interface: what users will run."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmrt.adapters.llama_cpp.engine import api as engine_api

BATCH = 2048


class EngineError(RuntimeError):
    """llama.cpp refused."""


class Engine:
    """One model in one context, on one thread, with a 32-bit KV cache.

    Args:
        path: The GGUF file.
        context: Longest sequence.
    """

    def __init__(self, path: Path, context: int = 1024) -> None:
        # The engine has one log for the whole process, and lmrt has it already.
        self._llama: Any = engine_api()
        llama_cpp = self._llama
        model_settings = llama_cpp.llama_model_default_params()
        model_settings.n_gpu_layers = 0
        self._model = llama_cpp.llama_model_load_from_file(str(path).encode(), model_settings)
        if not self._model:
            raise EngineError(f"llama.cpp cannot load `{path}`")
        self._context = self._new_context(context)
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._model)
        self.size = int(llama_cpp.llama_vocab_n_tokens(self._vocabulary))

    def _new_context(self, length: int) -> Any:
        settings = self._llama.llama_context_default_params()
        settings.n_ctx, settings.n_batch, settings.n_ubatch = length, BATCH, BATCH
        settings.n_threads = settings.n_threads_batch = 1
        settings.type_k = settings.type_v = self._llama.GGML_TYPE_F32
        settings.flash_attn_type = self._llama.LLAMA_FLASH_ATTN_TYPE_DISABLED
        context = self._llama.llama_init_from_model(self._model, settings)
        if not context:
            raise EngineError("llama.cpp cannot make a context")
        return context

    def tokenize(self, text: str) -> list[int]:
        """Return the tokens of text in which special tokens are recognised."""
        raw = text.encode()
        room = (ctypes.c_int32 * (len(raw) + 8))()
        count = self._llama.llama_tokenize(
            self._vocabulary, raw, len(raw), room, len(room), False, True
        )
        return list(room[:count])

    def logits(self, tokens: list[int]) -> NDArray[np.float32]:
        """Return the logits after each of the tokens, from a fresh start."""
        self._clear()
        self._decode(tokens, 0, every=True)
        return np.stack([self._row(index) for index in range(len(tokens))])

    def greedy(self, prompt: list[int], stop: int, most: int = 160) -> list[int]:
        """Return the likeliest tokens after a prompt, up to the stop token."""
        self._clear()
        self._decode(prompt, 0)
        found: list[int] = []
        while len(found) < most:
            token = int(self._row(-1).argmax())
            if token == stop:
                break
            found.append(token)
            self._decode([token], len(prompt) + len(found) - 1)
        return found

    def close(self) -> None:
        """Free the context and the model."""
        self._llama.llama_free(self._context)
        self._llama.llama_model_free(self._model)

    def _clear(self) -> None:
        self._llama.llama_memory_clear(self._llama.llama_get_memory(self._context), True)

    def _decode(self, tokens: list[int], start: int, *, every: bool = False) -> None:
        batch = self._llama.llama_batch_init(len(tokens), 0, 1)
        try:
            batch.n_tokens = len(tokens)
            for index, token in enumerate(tokens):
                batch.token[index] = token
                batch.pos[index] = start + index
                batch.n_seq_id[index] = 1
                batch.seq_id[index][0] = 0
                batch.logits[index] = every or index == len(tokens) - 1
            status = self._llama.llama_decode(self._context, batch)
        finally:
            self._llama.llama_batch_free(batch)
        if status:
            raise EngineError(f"llama_decode returned {status}")

    def _row(self, index: int) -> NDArray[np.float32]:
        pointer = self._llama.llama_get_logits_ith(self._context, index)
        return np.ctypeslib.as_array(pointer, shape=(self.size,)).copy()


@contextmanager
def engine(path: Path, context: int = 1024) -> Iterator[Engine]:
    """Open a model and close it afterwards."""
    opened = Engine(path, context)
    try:
        yield opened
    finally:
        opened.close()
