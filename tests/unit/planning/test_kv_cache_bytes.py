"""Sizes counted by hand, and those that llama.cpp reports for the same shapes."""

import pytest

from lmrt.domain.config import KvType
from lmrt.domain.models import (
    FullAttention,
    LatentAttention,
    LayerShape,
    RecurrentState,
    SlidingAttention,
)
from lmrt.domain.planning.kv_cache import layer_bytes, total_bytes
from lmrt.domain.planning.settings import CacheSettings, cache_settings
from tests.support.worlds import GIB, MIB, gguf_backend


def settings(context: int, kv_type: KvType = KvType.F16, sequences: int = 1) -> CacheSettings:
    return CacheSettings(
        context=context,
        kv_type=kv_type,
        flash_attention=True,
        batch=512,
        sequences=sequences,
        rounding=256,
    )


@pytest.mark.parametrize(
    ("kv_type", "expected"),
    [
        (KvType.F32, 2 * GIB),
        (KvType.F16, 1 * GIB),
        (KvType.Q8_0, 544 * MIB),
        (KvType.Q4_0, 288 * MIB),
    ],
)
def test_llama_3_8b_at_8192_tokens(kv_type: KvType, expected: int) -> None:
    # 32 layers x 8 heads x (128 + 128) elements x 8192 tokens = 2^29 elements
    kinds = ((FullAttention(8, 128, 128), 32),)

    assert total_bytes(kinds, settings(8192, kv_type)) == expected


def test_sequences_share_the_cells_of_whole_context_layers() -> None:
    layer = FullAttention(8, 128, 128)

    assert layer_bytes(layer, settings(8192, sequences=4)) == layer_bytes(layer, settings(8192))


def test_gemma_3_keeps_windows_in_five_of_six_layers() -> None:
    whole, window = FullAttention(4, 256, 256), SlidingAttention(4, 256, 256, 1024)
    kinds = ((whole, 2), (window, 10))

    # 2 layers x 16384 cells and 10 layers x (1024 + 512) cells, 4 KiB each
    assert total_bytes(kinds, settings(16_384)) == 128 * MIB + 60 * MIB
    # a window for each sequence: 10 layers x (4 x 1024 + 512) cells
    assert total_bytes(kinds, settings(16_384, sequences=4)) == 128 * MIB + 180 * MIB


def test_a_window_is_rounded_up_and_never_larger_than_the_context() -> None:
    layer = SlidingAttention(1, 32, 32, 1000)

    # 1000 + 512 cells become 1536, of 64 elements
    assert layer_bytes(layer, settings(4096)) == 1536 * 64 * 2
    assert layer_bytes(layer, settings(768)) == 768 * 64 * 2


def test_latent_attention_keeps_one_vector_a_token() -> None:
    # DeepSeek V3: 61 layers x (512 + 64) elements x 4096 tokens x 2 bytes
    kinds = ((LatentAttention(512, 64), 61),)

    assert total_bytes(kinds, settings(4096)) == 61 * 576 * 4096 * 2


@pytest.mark.parametrize("kv_type", KvType)
def test_recurrent_state_is_kept_once_a_sequence_in_32_bits(kv_type: KvType) -> None:
    # Mamba: (3 x 2048 + 16 x 2048) elements; llama.cpp reports 2.38 MiB for 4 layers, 4 sequences
    layer: LayerShape = RecurrentState(19 * 2048)

    assert total_bytes(((layer, 4),), settings(4096, kv_type, sequences=4)) == 4 * 4 * 19 * 2048 * 4
    assert layer_bytes(layer, settings(100)) == layer_bytes(layer, settings(100_000))


@pytest.mark.parametrize(
    ("widest", "kv_type", "values"),
    [(True, KvType.F32, 2048), (True, KvType.F16, 1024), (False, KvType.F32, 1024)],
)
def test_without_fused_attention_values_may_be_as_wide_as_the_widest(
    widest: bool, kv_type: KvType, values: int
) -> None:
    kinds = ((FullAttention(4, 512, 512), 1), (FullAttention(4, 256, 256), 5))
    probe = gguf_backend(widest_values=widest)
    found = cache_settings(probe, kinds, 4096, kv_type, on_cpu=True)

    assert layer_bytes(kinds[0][0], found) == 4096 * (2048 + 2048) * kv_type.bits / 8
    assert layer_bytes(kinds[1][0], found) == 4096 * (1024 + values) * kv_type.bits / 8
