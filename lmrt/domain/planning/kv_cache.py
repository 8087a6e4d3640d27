"""Bytes of the KV cache and of recurrent state, exact.

Checked against llama.cpp's own allocation: a cache of whole-context layers has one cell a token of
context, shared by all sequences; one of sliding windows has a window for each sequence and one
batch more, rounded up like the context; recurrent state is kept once a sequence, in 32 bits. Latent
attention caches one vector a token, its value being a part of its key.
"""

from lmrt.domain.models import (
    AttentionBesideState,
    FullAttention,
    LatentAttention,
    LayerShape,
    RecurrentState,
    SlidingAttention,
)
from lmrt.domain.planning.context import rounded_up
from lmrt.domain.planning.query import LayerKinds
from lmrt.domain.planning.settings import CacheSettings

_STATE_BYTES = 4


def layer_bytes(layer: LayerShape, cache: CacheSettings) -> int:
    """Return the bytes that one layer keeps."""
    match layer:
        case FullAttention(heads, key, value):
            return _cached(cache.context * heads * (key + value), cache)
        case SlidingAttention(heads, key, value, window):
            return _cached(window_cells(window, cache) * heads * (key + value), cache)
        case LatentAttention(rank, rope):
            return _cached(cache.context * (rank + rope), cache)
        case RecurrentState(elements):
            return elements * cache.sequences * _STATE_BYTES
        case AttentionBesideState(attention, state):
            return layer_bytes(attention, cache) + layer_bytes(state, cache)


def total_bytes(kinds: LayerKinds, cache: CacheSettings) -> int:
    """Return the bytes that all layers keep."""
    return sum(count * layer_bytes(layer, cache) for layer, count in kinds)


def window_cells(window: int, cache: CacheSettings) -> int:
    """Return the cells of a sliding layer's cache."""
    if cache.whole_windows:
        return cache.context
    cells = rounded_up(window * cache.sequences + cache.batch, cache.rounding)
    return min(cache.context, cells)


def _cached(elements: int, cache: CacheSettings) -> int:
    # Every type takes whole half-bits an element, so this stays in exact integers.
    return -(-elements * int(2 * cache.kv_type.bits) // 16)
