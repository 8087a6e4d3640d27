"""Logits outside the lanes, computed with caches of their own."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from attrs import frozen

from lmrt.adapters.mlx.caches import CacheMaker, states


@frozen(eq=False)
class Scratch:
    """Computes single rows of logits beside the live sequences.

    Attributes:
        core: `mlx.core`.
        model: Called with tokens and caches; gives 32-bit logits of the last token alone.
        new_caches: Makes caches.
        piece: Most tokens that one computation takes.
    """

    core: Any
    model: Any
    new_caches: CacheMaker
    piece: int

    def logits(self, tokens: Sequence[int]) -> Sequence[float]:
        """Return the logits after the last token, as a float32 array."""
        caches, row = self.new_caches(), None
        for start in range(0, len(tokens), self.piece):
            part = self.core.array(list(tokens[start : start + self.piece]))
            row = self.model(part[None], cache=caches)[0, -1]
            self.core.eval(states(caches))
        result: Any = np.array(row)
        return cast("Sequence[float]", result)
