"""Logits outside the batch loop, computed in a context of their own."""

from collections.abc import Sequence
from typing import Any

from attrs import evolve, frozen

from lmrt.adapters.llama_cpp import errors, logs
from lmrt.adapters.llama_cpp.batch import Batch
from lmrt.adapters.llama_cpp.logprobs import row_of
from lmrt.adapters.llama_cpp.settings import context_params
from lmrt.domain.plans import ExecutionSettings, Placement

_OUT_OF_MEMORY = -2


@frozen
class ScratchContext:
    """Computes single rows of logits with a plan's settings, beside the live sequences.

    Each call makes a context and frees it, so live sequences keep their cells, whatever the
    length.
    """

    api: Any
    model: int
    vocabulary_size: int
    settings: ExecutionSettings
    placement: Placement

    def logits(self, tokens: Sequence[int]) -> Sequence[float]:
        """Return the logits after the last token, as a float32 array.

        Raises:
            GenerationFailed: The engine could not compute them.
        """
        settings = evolve(
            self.settings,
            context_length=len(tokens),
            batch_size=min(self.settings.batch_size, len(tokens)),
            max_sequences=1,
        )
        params = context_params(self.api, settings, self.placement, abort=None)
        context = self.api.llama_init_from_model(self.model, params)
        if not context:
            raise errors.generation_failed(_OUT_OF_MEMORY, logs.take_errors())
        try:
            return self._compute(context, tokens, settings.batch_size)
        finally:
            self.api.llama_free(context)

    def _compute(self, context: int, tokens: Sequence[int], size: int) -> Sequence[float]:
        batch = Batch(self.api, size, sequences=1)
        output = -1
        for start in range(0, len(tokens), size):
            part = tokens[start : start + size]
            batch.clear()
            last = start + size >= len(tokens)
            output = batch.add_prompt(part, start, sequence=0, wanted=last)
            code = self.api.llama_decode(context, batch.struct)
            if code:
                raise errors.generation_failed(code, logs.take_errors())
        row: Sequence[float] = row_of(self.api, context, output, self.vocabulary_size).copy()
        return row
