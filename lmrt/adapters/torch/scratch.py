"""Logits outside the batch loop, computed with a cache of their own."""

from collections.abc import Sequence
from typing import cast

import torch
from attrs import frozen

from lmrt.adapters.torch.batch import Layout, Rows
from lmrt.adapters.torch.cache import PoolCache
from lmrt.adapters.torch.cells import Held
from lmrt.adapters.torch.forward import Forward


@frozen(eq=False)
class Scratch:
    """Computes single rows of logits beside the live sequences.

    Each call makes a cache and drops it, so live sequences keep their cells, whatever the length.

    Attributes:
        forward: Computes.
        device: Where.
        batch_size: Most tokens of one forward pass.
    """

    forward: Forward
    device: torch.device
    batch_size: int

    def logits(self, tokens: Sequence[int]) -> Sequence[float]:
        """Return the logits after the last token, as a float32 array."""
        size = len(tokens)
        cache = PoolCache(size, 1, self.device)
        layout, held = Layout(size, apart=True, device=self.device), Held()
        found = None
        for start in range(0, size, self.batch_size):
            piece = tokens[start : start + self.batch_size]
            held.extend(list(range(start, start + len(piece))))
            last = start + len(piece) == size
            found = self.forward(cache, layout.step([Rows(piece, start, 0, held, last)]))
        assert found is not None  # noqa: S101 - there is at least one token
        return cast("Sequence[float]", found[0].float().cpu().numpy())
