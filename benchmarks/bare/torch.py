"""torch: a transformers model called in a loop over its own cache."""

import time
from pathlib import Path
from typing import Any

from benchmarks.bare import Times


class BareTorch:
    """`model(...)` with `DynamicCache` and the largest logit of each row."""

    def __init__(self, folder: Path, threads: int, device: str = "cpu", dtype: str = "f32") -> None:
        import torch
        from transformers import AutoModelForCausalLM

        self.torch: Any = torch
        torch.set_num_threads(threads)
        types = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}
        self.device = torch.device("mps" if device == "metal" else device)
        untyped: Any = AutoModelForCausalLM
        model = untyped.from_pretrained(
            folder, dtype=types[dtype], attn_implementation="sdpa", local_files_only=True
        )
        self.model = model.to(self.device).eval()

    def run(self, prompts: list[list[int]], count: int) -> Times:
        """Prefill prompts of equal length, then draw `count` more tokens of each."""
        from transformers import DynamicCache

        with self.torch.inference_mode():
            cache, began = DynamicCache(), time.perf_counter()
            tokens = self._next(self.torch.tensor(prompts, device=self.device), cache)
            tokens.tolist()
            prefilled = time.perf_counter()
            for _ in range(count):
                tokens = self._next(tokens[:, None], cache)
                tokens.tolist()
            return Times(prefilled - began, time.perf_counter() - prefilled)

    def close(self) -> None:
        """Free the model."""
        del self.model

    def _next(self, tokens: Any, cache: Any) -> Any:
        found = self.model(tokens, past_key_values=cache, use_cache=True, logits_to_keep=1)
        return found.logits[:, -1].argmax(-1)
