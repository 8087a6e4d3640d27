"""Bytes of the compute buffers.

An engine keeps the intermediate results of one batch. What is live at once is largest in one of two
places, each a sum of rows of 32-bit elements, one row a token of the batch:

- feed-forward: gate, up and their product; the queries and three rows of the residual stream; in
  a mixture of experts, one output row for each expert used
- attention: queries (three), keys, values, and three rows of the residual stream; unless attention
  is fused, also the scores of every query head for every cell of the cache

The mask is live throughout: one element a cell, of 16 bits where attention is fused, else of 32.
Beside it stand token ids and positions, the output logits, one row a sequence, and for a quantized
cache once more the queries. A recurrent layer's scan takes the place of attention.

These coefficients reproduce the compute buffers that llama.cpp (llama-cpp-python 0.3.36) reports
for Llama, Gemma 3 with sliding windows, Qwen3-MoE and Mamba shapes, contexts of 4,096 to 131,072
and batches of 128 to 2,048: never 1 % below, at most 17 % above. On other engines they are
estimates.
"""

from lmrt.domain.models import (
    ArchitectureShape,
    FullAttention,
    LatentAttention,
    LayerShape,
    RecurrentState,
    SlidingAttention,
)
from lmrt.domain.planning.kv_cache import window_cells
from lmrt.domain.planning.query import LayerKinds
from lmrt.domain.planning.settings import CacheSettings

_ELEMENT = 4
_INPUTS = 16
"""Elements a token for its id, positions and output place."""

_SCAN_ROWS = 10
"""Rows of the residual stream's width that a recurrent scan keeps."""


def buffer_bytes(
    shape: ArchitectureShape, kinds: LayerKinds, feed_forward: float, cache: CacheSettings
) -> int:
    """Return the bytes of the buffers on the processor that computes the layers.

    Args:
        shape: The architecture's sizes.
        kinds: Its distinct layers.
        feed_forward: Elements inside the feed-forward block that one token passes through.
        cache: The settings.
    """
    hidden = shape.hidden_size
    queries = max((_queries(layer, shape) for layer, _ in kinds), default=0)
    block = 3 * feed_forward + shape.experts_used * hidden + 3 * hidden + queries
    attention = max((_attention(layer, shape, cache) for layer, _ in kinds), default=0)
    rounded = queries if cache.kv_type.block > 1 else 0
    row = _INPUTS + _mask(kinds, cache) + rounded + max(block, attention + 3 * hidden)
    return int(cache.batch * row) * _ELEMENT + output_bytes(shape, cache)


def input_bytes(shape: ArchitectureShape, kinds: LayerKinds, cache: CacheSettings) -> int:
    """Return the bytes that the CPU keeps to feed an accelerator: embedded tokens and the mask."""
    row = _INPUTS + shape.hidden_size + _mask(kinds, cache)
    return int(cache.batch * row) * _ELEMENT + output_bytes(shape, cache)


def output_bytes(shape: ArchitectureShape, cache: CacheSettings) -> int:
    """Return the bytes of the logits: one row a sequence."""
    return cache.sequences * shape.vocabulary_size * _ELEMENT


def _mask(kinds: LayerKinds, cache: CacheSettings) -> float:
    windows = {layer.window for layer, _ in kinds if isinstance(layer, SlidingAttention)}
    cells = cache.context + sum(window_cells(window, cache) for window in windows)
    return cells / 2 if cache.flash_attention else cells


def _queries(layer: LayerShape, shape: ArchitectureShape) -> int:
    match layer:
        case FullAttention(_, key, _) | SlidingAttention(_, key, _, _):
            return shape.heads * key
        case LatentAttention(rank, rope):
            return shape.heads * (rank + rope)
        case RecurrentState():
            return 0


def _attention(layer: LayerShape, shape: ArchitectureShape, cache: CacheSettings) -> int:
    scores = 0 if cache.flash_attention else shape.heads
    queries = 3 * _queries(layer, shape)
    match layer:
        case FullAttention(heads, key, value):
            return queries + heads * (key + value) + scores * cache.context
        case SlidingAttention(heads, key, value, window):
            return queries + heads * (key + value) + scores * window_cells(window, cache)
        case LatentAttention(rank, rope):
            return queries + 2 * rank + rope + scores * cache.context
        case RecurrentState():
            return _SCAN_ROWS * shape.hidden_size
