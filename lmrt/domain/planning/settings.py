"""The settings that a candidate runs with."""

from attrs import frozen

from lmrt.domain.config import Dtype, KvType
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
from lmrt.domain.plans import ExecutionSettings
from lmrt.domain.probes import BackendProbe, Feature

MAX_SEQUENCES = 4
"""Sequences planned for at most: each takes room for recurrent state and windows."""

BYTES_PER_THREAD = 32 * 2**20
"""Bytes read a token that keep one thread busy, about 1 ms at 30 GB/s.

Below it threads wait for each other longer than they work: a model of a few megabytes ran 60 times
faster on one thread than on two (llama.cpp, 2 shared cores).
"""

CPU_BATCH = 512
DEVICE_BATCH = 2048


@frozen
class CacheSettings:
    """The settings that memory depends on.

    Attributes:
        context: Tokens of context, rounded up as the engine does.
        kv_type: Data type of the KV cache.
        flash_attention: Whether attention is fused.
        batch: Most tokens that one step takes.
        sequences: Sequences that can be live at once; they share the context's cells.
        rounding: Numbers of cells are rounded up to a multiple of it.
        whole_windows: Whether sliding-window layers keep the whole context.
        value_width: Elements that a token's values take at the least in every layer with keys and
            values.
    """

    context: int
    kv_type: KvType
    flash_attention: bool
    batch: int
    sequences: int
    rounding: int
    whole_windows: bool = False
    value_width: int = 0


def cache_settings(
    probe: BackendProbe,
    kinds: LayerKinds,
    context: int,
    kv_type: KvType,
    *,
    on_cpu: bool,
) -> CacheSettings:
    """Return the settings for a model's layers, a context length and a KV cache type.

    Attention is fused where the backend can; not with an F32 cache, which is there for exact
    comparison and which fused kernels round.
    """
    rounded = rounded_up(context, probe.context_rounding)
    fused = Feature.FLASH_ATTENTION in probe.features and kv_type is not KvType.F32
    padded = probe.widest_values and not fused
    return CacheSettings(
        context=rounded,
        kv_type=kv_type,
        flash_attention=fused,
        batch=min(rounded, CPU_BATCH if on_cpu else DEVICE_BATCH),
        sequences=max(1, min(_served_at_once(probe, kv_type), MAX_SEQUENCES)),
        rounding=probe.context_rounding,
        whole_windows=probe.whole_windows,
        value_width=max((_values(layer) for layer, _ in kinds), default=0) if padded else 0,
    )


def _values(layer: LayerShape) -> int:
    match layer:
        case FullAttention(heads, _, value) | SlidingAttention(heads, _, value, _):
            return heads * value
        case AttentionBesideState(attention, _):
            return _values(attention)
        case LatentAttention() | RecurrentState():
            return 0


def _served_at_once(probe: BackendProbe, kv_type: KvType) -> int:
    if kv_type.block > 1 and probe.rounded_kv_sequences is not None:
        return min(probe.rounded_kv_sequences, probe.max_sequences)
    return probe.max_sequences


def execution_settings(
    cache: CacheSettings,
    bytes_on_cpu: float,
    physical_cores: int,
    dtype: Dtype | None,
    pinned_threads: int | None = None,
) -> ExecutionSettings:
    """Return the full settings.

    Args:
        cache: What memory depends on.
        bytes_on_cpu: Bytes of weights that the CPU reads for one token.
        physical_cores: Of the machine.
        dtype: What the weights are loaded as, or None for as they are stored.
        pinned_threads: CPU threads that were asked for, or None.
    """
    threads = pinned_threads or 1 + int(bytes_on_cpu // BYTES_PER_THREAD)
    threads = max(1, min(threads, physical_cores))
    return ExecutionSettings(
        context_length=cache.context,
        kv_type=cache.kv_type,
        flash_attention=cache.flash_attention,
        threads=threads,
        batch_threads=threads,
        batch_size=cache.batch,
        max_sequences=cache.sequences,
        dtype=dtype,
    )
