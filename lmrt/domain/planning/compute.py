"""Bytes of the compute buffers.

An engine keeps the intermediate results of one batch. What is live at once is largest in one of two
places, each a sum of rows of 32-bit elements, one row a token of the batch:

- feed-forward: gate, up and their product; the queries and three rows of the residual stream; in
  a mixture of experts, one output row for each expert used, unless those fit where gate and up were
- attention: queries (three), keys, values, and three rows of the residual stream; unless attention
  is fused, also the scores of every query head for every cell of the cache
- a recurrent layer's scan, in the place of attention or beside it: its width, three rows of the
  residual stream, and the state of each sequence, which is written anew

The mask is live throughout: one element a cell, of 16 bits where attention is fused, else of 32.
Beside it stand token ids and positions, what a model carries along beside its residual stream, and
the output logits, one row a sequence.

docs/planner.md holds these sums against the compute buffers that llama.cpp (llama-cpp-python
0.3.36) reports for 18 architectures. On other engines they are estimates.
"""

from lmrt.domain.models import (
    ArchitectureShape,
    AttentionBesideState,
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

_RESIDUAL_ROWS = 3
"""Rows of the residual stream that are live: what a block adds to, its input, and its output."""

_WIDTH_ROWS = 10
"""Rows of the residual stream's width that a scan of unknown width is taken to keep."""


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
    queries = max((_queries(layer, shape) for layer, _ in kinds), default=0)
    block = 3 * feed_forward + _mixed(shape, feed_forward) + queries
    widest = max((_mixing(layer, shape, cache) for layer, _ in kinds), default=0)
    residual = _RESIDUAL_ROWS * shape.hidden_size + shape.carried
    row = _INPUTS + _mask(kinds, cache) + residual + max(block, widest)
    return int(cache.batch * row) * _ELEMENT + output_bytes(shape, cache)


def _mixed(shape: ArchitectureShape, feed_forward: float) -> int:
    """Return the elements of the outputs of a mixture's experts that need a place of their own."""
    if not shape.experts:
        return 0
    outputs = shape.experts_used * shape.hidden_size
    return outputs if outputs > 2 * feed_forward else shape.hidden_size


def input_bytes(shape: ArchitectureShape, kinds: LayerKinds, cache: CacheSettings) -> int:
    """Return the bytes that the CPU keeps to feed an accelerator: embedded tokens and the mask."""
    row = _INPUTS + shape.hidden_size + _mask(kinds, cache)
    return int(cache.batch * row) * _ELEMENT + output_bytes(shape, cache)


def output_bytes(shape: ArchitectureShape, cache: CacheSettings) -> int:
    """Return the bytes of the logits: one row a sequence."""
    return cache.sequences * shape.vocabulary_size * _ELEMENT


def _mask(kinds: LayerKinds, cache: CacheSettings) -> float:
    windows = {layer.window for layer, _ in kinds if isinstance(layer, SlidingAttention)}
    cells = sum(window_cells(window, cache) for window in windows)
    if any(not isinstance(layer, SlidingAttention | RecurrentState) for layer, _ in kinds):
        cells += cache.context
    return cells / 2 if cache.flash_attention else cells


def _queries(layer: LayerShape, shape: ArchitectureShape) -> int:
    match layer:
        case FullAttention(_, key, _) | SlidingAttention(_, key, _, _):
            return shape.heads * key
        case LatentAttention(rank, rope):
            return shape.heads * (rank + rope)
        case AttentionBesideState(attention, _):
            return _queries(attention, shape)
        case RecurrentState():
            return 0


def _mixing(layer: LayerShape, shape: ArchitectureShape, cache: CacheSettings) -> float:
    """Return the elements of a row where a layer mixes tokens, the residual stream left out."""
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
            return _scan(layer, shape, cache)
        case AttentionBesideState(attention, state):
            scan = _queries(attention, shape) + _scan(state, shape, cache)
            return max(_mixing(attention, shape, cache), scan)


def _scan(state: RecurrentState, shape: ArchitectureShape, cache: CacheSettings) -> float:
    if not state.elements:
        return 0
    width = state.width or _WIDTH_ROWS * shape.hidden_size
    return width + state.elements * cache.sequences / cache.batch
