"""llama.cpp: one batch a step over its C API."""

import time
from pathlib import Path

from benchmarks.bare import Times
from lmrt.adapters.llama_cpp import engine
from lmrt.adapters.llama_cpp.settings import context_params, model_params
from lmrt.domain.plans import ExecutionSettings, OnCpu


class BareLlamaCpp:
    """`llama_decode` and the largest logit of each row, and nothing else."""

    def __init__(self, path: Path, settings: ExecutionSettings) -> None:
        self.api = engine.api()
        wanted = model_params(self.api, OnCpu(), (), self.api.llama_progress_callback())
        self.model = self.api.llama_model_load_from_file(str(path).encode(), wanted.params)
        self.context = self.api.llama_init_from_model(
            self.model, context_params(self.api, settings, OnCpu(), abort=None)
        )
        self.batch = self.api.llama_batch_init(settings.batch_size, 0, 1)
        chain = self.api.llama_sampler_chain_default_params()
        self.sampler = self.api.llama_sampler_chain_init(chain)
        self.api.llama_sampler_chain_add(self.sampler, self.api.llama_sampler_init_greedy())

    def run(self, prompts: list[list[int]], count: int) -> Times:
        """Prefill prompts of equal length, then draw `count` more tokens of each."""
        self.api.llama_memory_clear(self.api.llama_get_memory(self.context), False)
        length, began = len(prompts[0]), time.perf_counter()
        rows = [
            (token, place, owner, place == length - 1)
            for owner, prompt in enumerate(prompts)
            for place, token in enumerate(prompt)
        ]
        tokens = self._decode(rows)
        prefilled = time.perf_counter()
        for position in range(length, length + count):
            tokens = self._decode(
                [(token, position, owner, True) for owner, token in enumerate(tokens)]
            )
        return Times(prefilled - began, time.perf_counter() - prefilled)

    def close(self) -> None:
        """Free the model."""
        self.api.llama_sampler_free(self.sampler)
        self.api.llama_batch_free(self.batch)
        self.api.llama_free(self.context)
        self.api.llama_model_free(self.model)

    def _decode(self, rows: list[tuple[int, int, int, bool]]) -> list[int]:
        batch = self.batch
        for place, (token, position, owner, wanted) in enumerate(rows):
            batch.token[place], batch.pos[place] = token, position
            batch.n_seq_id[place], batch.seq_id[place][0] = 1, owner
            batch.logits[place] = wanted
        batch.n_tokens = len(rows)
        self.api.llama_decode(self.context, batch)
        outputs = [place for place, row in enumerate(rows) if row[3]]
        draw = self.api.llama_sampler_sample
        return [draw(self.sampler, self.context, place) for place in outputs]
