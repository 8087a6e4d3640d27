"""MLX: mlx-lm's `generate_step` for one sequence, its `BatchGenerator` for several."""

import time
from pathlib import Path
from typing import Any, cast

from benchmarks.bare import Times


class BareMlx:
    """mlx-lm's own loops."""

    def __init__(self, folder: Path) -> None:
        import mlx.core as mx
        from mlx_lm.utils import load_model

        self.mx: Any = mx
        with mx.stream(mx.cpu):
            self.model, _ = load_model(folder)
            self.model.set_dtype(mx.float32)
            mx.eval(self.model.parameters())

    def run(self, prompts: list[list[int]], count: int) -> Times:
        """Prefill prompts of equal length, then draw `count` more tokens of each."""
        with self.mx.stream(self.mx.cpu):
            return (
                self._alone(prompts[0], count) if len(prompts) == 1 else self._many(prompts, count)
            )

    def close(self) -> None:
        """Free the model."""
        del self.model
        self.mx.clear_cache()

    def _alone(self, prompt: list[int], count: int) -> Times:
        from mlx_lm.generate import generate_step

        began = time.perf_counter()
        steps = generate_step(self.mx.array(prompt), self.model, max_tokens=count + 1)
        next(steps)
        prefilled = time.perf_counter()
        for _ in steps:
            pass
        return Times(prefilled - began, time.perf_counter() - prefilled)

    def _many(self, prompts: list[list[int]], count: int) -> Times:
        from mlx_lm.generate import BatchGenerator

        began = time.perf_counter()
        generator: Any = cast("Any", BatchGenerator)(
            self.model, max_tokens=count + 1, stop_tokens=[]
        )
        generator.insert(prompts)
        drawn, prefilled = 0, began
        while drawn < len(prompts) * (count + 1):
            _, answers = generator.next()
            if answers and not drawn:
                prefilled = time.perf_counter()
            drawn += len(answers)
        generator.close()
        return Times(prefilled - began, time.perf_counter() - prefilled)
