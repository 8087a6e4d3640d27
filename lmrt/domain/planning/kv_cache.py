"""Bytes of the KV cache and of recurrent state, exact.

Checked against llama.cpp's own allocation: a cache of whole-context layers has one cell a token of
context, shared by all sequences; one of sliding windows has a window for each sequence and one
batch more, rounded up like the context; recurrent state is kept once a sequence, in 32 bits. Latent
attention caches one vector a token, its value being a part of its key. An engine that lays values
out across the cells, as llama.cpp does without fused attention, keeps them in every layer as wide
as in the widest (its `n_embd_v_gqa_max`).
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
            return _cached(cache.context * _row(heads, key, value, cache), cache)
        case SlidingAttention(heads, key, value, window):
            cells = window_cells(window, cache)
            return _cached(cells * _row(heads, key, value, cache), cache)
        case LatentAttention(rank, rope):
            return _cached(cache.context * (rank + rope), cache)
        case RecurrentState(elements):
            return elements * cache.sequences * _STATE_BYTES
        case AttentionBesideState(attention, state):
            return layer_bytes(attention, cache) + layer_bytes(state, cache)


def total_bytes(kinds: LayerKinds, cache: CacheSettings) -> int:
    """Return the bytes that all layers keep."""
    return sum(count * layer_bytes(layer, cache) for layer, count in kinds)


def cell_bytes(layer: LayerShape, cache: CacheSettings) -> float:
    """Return the bytes of one token that a layer reads again for every later token."""
    match layer:
        case FullAttention(heads, key, value) | SlidingAttention(heads, key, value, _):
            return heads * (key + value) * cache.kv_type.bits / 8
        case LatentAttention(rank, rope):
            return (rank + rope) * cache.kv_type.bits / 8
        case RecurrentState():
            return 0.0
        case AttentionBesideState(attention, _):
            return cell_bytes(attention, cache)


def window_cells(window: int, cache: CacheSettings) -> int:
    """Return the cells of a sliding layer's cache."""
    if cache.whole_windows:
        return cache.context
    cells = rounded_up(window * cache.sequences + cache.batch, cache.rounding)
    return min(cache.context, cells)


def _row(heads: int, key: int, value: int, cache: CacheSettings) -> int:
    return heads * key + max(heads * value, cache.value_width)


def _cached(elements: int, cache: CacheSettings) -> int:
    # Every type takes whole half-bits an element, so this stays in exact integers.
    return -(-elements * int(2 * cache.kv_type.bits) // 16)
