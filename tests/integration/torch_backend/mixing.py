"""Computing several texts at once, in pieces, as the batch loop does."""

from collections.abc import Sequence
from typing import Any

import torch

from lmrt.adapters.torch import engine
from lmrt.adapters.torch.batch import Layout, Rows
from lmrt.adapters.torch.cache import PoolCache
from lmrt.adapters.torch.cells import CellTable
from lmrt.adapters.torch.forward import Forward
from lmrt.adapters.torch.step import Step

CELLS = 128
TEXTS = [[(5 + 7 * text + 13 * place) % 97 for place in range(40 - 8 * text)] for text in range(3)]
"""Three texts; each is longer than every window."""

STEPS: list[list[tuple[int, int]]] = [
    [(0, 5)],
    [(0, 9), (1, 4)],
    [(1, 1), (0, 1), (2, 11)],
    [(0, 1), (1, 1), (2, 1)],
    [(0, 20)],
    [(1, 18)],
    [(2, 9), (0, 1), (1, 1)],
    [(0, 3), (1, 7), (2, 3)],
]
"""The texts by pieces: in each step (text, how many of its tokens)."""


@torch.inference_mode()
def plain_logits(model: Any, text: Sequence[int]) -> torch.Tensor:
    """Return what transformers itself gives for each token, computed at once, without a cache."""
    model.set_attn_implementation("eager")
    logits: torch.Tensor = model(input_ids=torch.tensor([text]), use_cache=False).logits[0]
    return logits


@torch.inference_mode()
def mixed_logits(model: Any, *, apart: bool) -> list[torch.Tensor]:
    """Return the same for each of `TEXTS`, computed by `STEPS`.

    Args:
        model: The engine's.
        apart: How the rows go through attention; see `Layout`.
    """
    engine.transformers()
    model.set_attn_implementation(engine.ATTENTION)
    forward, device = Forward(model), torch.device("cpu")
    cache, table = PoolCache(CELLS, len(TEXTS), device), CellTable(CELLS, len(TEXTS), apart=apart)
    layout = Layout(CELLS, apart=apart, device=device)
    for number, text in enumerate(TEXTS):
        table.reserve(number, len(text))
    done = [0] * len(TEXTS)
    found: list[list[torch.Tensor]] = [[] for _ in TEXTS]
    for pieces in STEPS:
        batch = []
        for number, count in pieces:
            tokens = TEXTS[number][done[number] : done[number] + count]
            table.take(number, count)
            batch.append(Rows(tokens, done[number], number, table[number], wanted=True))
            done[number] += count
        step = layout.step(batch)
        logits = forward(cache, Step(step.inputs, step.parts, torch.arange(step.rows)))
        start = 0
        for number, count in pieces:
            found[number].append(logits[start : start + count])
            start += count
    assert done == [len(text) for text in TEXTS]
    return [torch.cat(pieces) for pieces in found]
