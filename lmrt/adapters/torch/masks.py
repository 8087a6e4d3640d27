"""Masks for the engine's attention layers, from the rule that each of them asks for.

A model says for each kind of layer which key positions a query position may look at: all before it,
or those in a window or a chunk. Here the rule is applied to the cells of the pool: a row may look
at a cell that its own sequence holds and whose position the rule allows.
"""

from collections.abc import Callable
from typing import Any

import torch
from attrs import field, frozen

from lmrt.adapters.torch import engine
from lmrt.adapters.torch.cache import PoolCache
from lmrt.adapters.torch.errors import UnsupportedError
from lmrt.adapters.torch.step import Part, Step

Rule = Callable[[int, int, torch.Tensor, torch.Tensor], torch.Tensor]
"""The engine's: (batch, head, query positions, key positions) -> which may look at which."""


@frozen(eq=False)
class View:
    """What the rows of one part look at, in one kind of layer.

    Attributes:
        start: Their first row.
        end: One more than their last row.
        low: The first cell.
        high: One more than the last cell.
        mask: True where a row may look at a cell, (1, 1, rows, cells); None where none is needed.
        causal: Whether, without a mask, row i looks at the cells up to the ith only; else at all.
    """

    start: int
    end: int
    low: int
    high: int
    mask: torch.Tensor | None = None
    causal: bool = False
    _copies: dict[tuple[torch.device, int], torch.Tensor] = field(
        factory=dict, init=False, repr=False
    )

    def mask_on(self, device: torch.device, times: int = 1) -> torch.Tensor | None:
        """Return the mask on a device, all its rows repeated, one block after the other."""
        mask = self.mask
        if mask is None or (mask.device == device and (times == 1 or mask.shape[2] == 1)):
            return mask
        key = device, times
        if key not in self._copies:
            repeats = times if mask.shape[2] > 1 else 1
            self._copies[key] = mask.to(device).repeat(1, 1, repeats, 1)
        return self._copies[key]


Views = tuple[View, ...]


def make_mask(
    *,
    kv_offset: PoolCache,
    mask_function: Rule,
    config: Any,
    local_size: int | None = None,
    use_vmap: bool = False,
    **_unused: Any,
) -> Views:
    """Return the views of the step under way; the engine's mask interface.

    Raises:
        UnsupportedError: The model's rule is of a kind that we do not know.
    """
    plain = mask_function is engine.causal_rule()
    if use_vmap or not isinstance(kv_offset, PoolCache) or (local_size is None and not plain):
        raise UnsupportedError("an attention mask of its own kind")
    slides = getattr(config, "sliding_window", None) == local_size
    chunked = getattr(config, "attention_chunk_size", None) == local_size
    window = local_size if slides and not chunked and local_size else None
    step = kv_offset.step
    assert step is not None  # noqa: S101 - `begin` comes first
    reach = None if plain else local_size
    return tuple(_view(part, step, kv_offset, mask_function, reach, window) for part in step.parts)


def _view(
    part: Part, step: Step, cache: PoolCache, rule: Rule, reach: int | None, window: int | None
) -> View:
    """Return the view of one part.

    Args:
        part: The part.
        step: The step that it belongs to.
        cache: The cells.
        rule: Which positions may look at which.
        reach: Positions below it see all before them; None where all do.
        window: Positions that each may look back at, itself included; None where there is no such
            limit, or another one.
    """
    rows, low = part.end - part.start, part.low
    if part.first is not None:
        if window is not None:
            low = max(low, low + part.first + 1 - window)
        last = part.first + rows
        if reach is None or last <= reach or (window is not None and rows == 1):
            if rows == 1:
                return View(part.start, part.end, low, part.high)
            if part.first == 0:
                return View(part.start, part.end, low, part.high, causal=True)
    queries = step.positions[part.start : part.end, None]
    owned = cache.owned[step.slots[part.start : part.end] if part.slot is None else part.slot]
    mask = rule(0, 0, queries, cache.positions[None, low : part.high]) & owned[..., low : part.high]
    return View(part.start, part.end, low, part.high, mask[None, None])
