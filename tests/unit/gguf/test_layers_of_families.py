"""Which layers slide, which are recurrent, which share a cache: by metadata, else by family."""

from pathlib import Path

import pytest

from lmrt.adapters.gguf import GgufReader
from lmrt.domain.models import (
    AttentionBesideState,
    FullAttention,
    LatentAttention,
    LayerShape,
    RecurrentState,
    SlidingAttention,
)
from tests.support.gguf_bytes import GgufBytes, architecture

FULL = FullAttention(2, 16, 16)


def layers(tmp_path: Path, file: GgufBytes) -> tuple[LayerShape, ...]:
    path = tmp_path / "model.gguf"
    path.write_bytes(file.build())
    return GgufReader().read(path)[0].shape.layers


def pattern(found: tuple[LayerShape, ...]) -> str:
    """Return one letter a layer: full, sliding, recurrent or none."""
    letters = {FullAttention: "f", SlidingAttention: "s"}
    return "".join(
        ("r" if layer.elements else "-") if isinstance(layer, RecurrentState)
        else letters[type(layer)]
        for layer in found
    )  # fmt: skip


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        ("gemma2", "sfsfsfsf"),
        ("gemma3", "sssssfss"),
        ("gpt-oss", "sfsfsfsf"),
        ("cohere2", "sssfsssf"),
        ("olmo2", "sssfsssf"),
        ("smallthinker", "fsssfsss"),
        ("llama4", "sssfsssf"),
        ("gemma3n", "ssssfsss"),
        ("llama", "ffffffff"),
        ("phi3", "ffffffff"),
    ],
)
def test_a_known_family_alternates_as_in_llama_cpp(
    tmp_path: Path, family: str, expected: str
) -> None:
    file = architecture(family, block_count=8, attention__sliding_window=1024)
    found = layers(tmp_path, file)
    assert pattern(found) == expected
    assert all(layer.window == 1024 for layer in found if isinstance(layer, SlidingAttention))


@pytest.mark.parametrize("family", ["gemma3", "cohere2", "gpt-oss", "llama"])
@pytest.mark.parametrize("window", [None, 0])
def test_without_a_window_no_layer_slides(tmp_path: Path, family: str, window: int | None) -> None:
    file = architecture(family, block_count=8, attention__sliding_window=window)
    assert pattern(layers(tmp_path, file)) == "ffffffff"


@pytest.mark.parametrize(("family", "window"), [("gemma2", 4096), ("llama4", 8192)])
def test_families_with_a_fixed_window_slide_without_the_key(
    tmp_path: Path, family: str, window: int
) -> None:
    found = layers(tmp_path, architecture(family))
    assert isinstance(found[0], SlidingAttention)
    assert found[0].window == window


@pytest.mark.parametrize("family", ["gemma4", "gemma3", "unheard-of"])
def test_a_pattern_for_each_layer_counts_more_than_the_family(tmp_path: Path, family: str) -> None:
    file = architecture(
        family,
        block_count=4,
        attention__sliding_window=512,
        attention__sliding_window_pattern=[False, True, True, False],
    )
    assert pattern(layers(tmp_path, file)) == "fssf"


@pytest.mark.parametrize(("period", "expected"), [(3, "ssfs"), (1, "ffff"), (0, "ssss")])
def test_a_period_counts_more_than_the_family(tmp_path: Path, period: int, expected: str) -> None:
    file = architecture(
        "gemma3",
        block_count=4,
        attention__sliding_window=512,
        attention__sliding_window_pattern=period,
    )
    assert pattern(layers(tmp_path, file)) == expected


def test_sliding_layers_may_have_heads_of_another_size(tmp_path: Path) -> None:
    file = architecture(
        "gemma4",
        attention__sliding_window=512,
        attention__sliding_window_pattern=[True, False],
        attention__head_count_kv=[2, 1],
        attention__key_length=32,
        attention__value_length=32,
        attention__key_length_swa=8,
        attention__value_length_swa=8,
    )
    found = layers(tmp_path, file)
    assert found == (SlidingAttention(2, 8, 8, 512), FullAttention(1, 32, 32))


def test_layers_that_share_an_earlier_cache_have_none(tmp_path: Path) -> None:
    file = architecture("gemma4", block_count=4, attention__shared_kv_layers=2)
    assert pattern(layers(tmp_path, file)) == "ff--"
    assert pattern(layers(tmp_path, architecture("gemma3n", block_count=22)))[18:] == "ff--"


def test_layers_that_only_predict_further_tokens_have_no_cache(tmp_path: Path) -> None:
    file = architecture("glm4moe", block_count=4, nextn_predict_layers=1)
    assert pattern(layers(tmp_path, file)) == "fff-"


def test_latent_attention_caches_one_vector(tmp_path: Path) -> None:
    keys = {
        "attention__kv_lora_rank": 512,
        "attention__key_length": 576,
        "rope__dimension_count": 64,
    }
    file = architecture("deepseek2", attention__key_length_mla=192, **keys)
    assert layers(tmp_path, file) == (LatentAttention(512, 64),) * 2
    older = architecture("deepseek2", attention__value_length=128, **keys)
    assert layers(tmp_path, older) == (FullAttention(2, 576, 128),) * 2


def test_every_layer_of_mamba_is_recurrent(tmp_path: Path) -> None:
    file = architecture(
        "mamba",
        attention__head_count=0,
        attention__head_count_kv=None,
        ssm__conv_kernel=4,
        ssm__inner_size=128,
        ssm__state_size=16,
        ssm__time_step_rank=4,
    )
    assert layers(tmp_path, file) == (RecurrentState(3 * 128 + 16 * 128, 5 * 128),) * 2


def test_mamba_2_convolves_its_groups_too(tmp_path: Path) -> None:
    file = architecture(
        "mamba2", ssm__conv_kernel=4, ssm__inner_size=128, ssm__state_size=16, ssm__group_count=2
    )
    convolved = 128 + 2 * 2 * 16
    expected = RecurrentState(3 * convolved + 16 * 128, 2 * 128 + 3 * convolved)
    assert layers(tmp_path, file)[0] == expected


def test_every_layer_of_falcon_h1_attends_and_keeps_a_state(tmp_path: Path) -> None:
    file = architecture(
        "falcon-h1", ssm__conv_kernel=4, ssm__inner_size=128, ssm__state_size=16, ssm__group_count=1
    )
    (first, second) = layers(tmp_path, file)
    assert isinstance(first, AttentionBesideState)
    assert first == second
    assert first.state.elements == 3 * (128 + 2 * 16) + 16 * 128


def test_rwkv_keeps_its_shifted_tokens_and_one_matrix_a_head(tmp_path: Path) -> None:
    file = architecture("rwkv7", attention__head_count=0, wkv__head_size=32)
    assert layers(tmp_path, file)[0] == RecurrentState(64 * 2 + 64 * 32, 10 * 64)


def test_layers_of_a_hybrid_without_heads_are_recurrent(tmp_path: Path) -> None:
    ssm = {"ssm__conv_kernel": 4, "ssm__inner_size": 128, "ssm__state_size": 16}
    file = architecture("jamba", block_count=4, attention__head_count_kv=[0, 0, 2, 0], **ssm)
    assert pattern(layers(tmp_path, file)) == "rrfr"


def test_nemotron_h_has_layers_of_a_feed_forward_block_alone(tmp_path: Path) -> None:
    file = architecture(
        "nemotron_h",
        block_count=3,
        attention__head_count_kv=[0, 0, 2],
        feed_forward_length=[0, 256, 0],
        ssm__conv_kernel=4,
        ssm__inner_size=128,
        ssm__state_size=16,
        ssm__group_count=1,
    )
    assert pattern(layers(tmp_path, file)) == "r-f"


@pytest.mark.parametrize(("interval", "expected"), [(None, "rrrfrrrf"), (2, "rfrfrfrf")])
def test_linear_attention_alternates_by_interval(
    tmp_path: Path, interval: int | None, expected: str
) -> None:
    file = architecture(
        "qwen3next",
        block_count=8,
        full_attention_interval=interval,
        ssm__conv_kernel=4,
        ssm__inner_size=128,
        ssm__state_size=16,
    )
    assert pattern(layers(tmp_path, file)) == expected


def test_marks_of_recurrent_layers_count_more_than_the_interval(tmp_path: Path) -> None:
    file = architecture(
        "qwen3next",
        block_count=4,
        attention__recurrent_layers=[True, False, True, True],
        ssm__conv_kernel=4,
        ssm__inner_size=128,
        ssm__state_size=16,
    )
    assert pattern(layers(tmp_path, file)) == "rfrr"


def test_attention_is_sized_by_layer(tmp_path: Path) -> None:
    file = architecture("openelm", attention__head_count=[4, 8], attention__head_count_kv=[1, 2])
    assert layers(tmp_path, file) == (FullAttention(1, 16, 16), FullAttention(2, 16, 16))
