"""One forward pass of the engine's model."""

from typing import Any

import torch

from lmrt.adapters.torch.cache import PoolCache
from lmrt.adapters.torch.step import Step


class Forward:
    """Computes steps, one operation after the other.

    Args:
        model: The engine's.
    """

    def __init__(self, model: Any) -> None:
        self._model = model

    def __call__(self, cache: PoolCache, step: Step) -> torch.Tensor:
        """Return the logits of the wanted rows, (wanted, vocabulary).

        Raises:
            Stopped: The cache was told to stop.
        """
        cache.begin(step)
        found: torch.Tensor = self._model(
            input_ids=step.tokens[None],
            position_ids=step.positions[None],
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=step.wanted,
        ).logits
        logits = found[0]
        cache.spoil(logits, step.wanted)
        return logits

    def close(self) -> None:
        """Let go of the model."""
        self._model = None
