"""The shape of a model from the `config.json` of each usual family."""

from pathlib import Path
from typing import Any

import pytest

from lmrt.adapters.safetensors import SafetensorsReader
from lmrt.domain.errors import LoadFailed
from lmrt.domain.models import (
    ArchitectureShape,
    AttentionBesideState,
    FullAttention,
    LatentAttention,
    LayerShape,
    RecurrentState,
    SlidingAttention,
)
from tests.support.safetensors_bytes import LLAMA_CONFIG, write_directory

FULL = FullAttention(2, 4, 4)
WITHOUT_SIZES: dict[str, Any] = dict.fromkeys(LLAMA_CONFIG)


def shape(folder: Path, config: dict[str, Any]) -> ArchitectureShape:
    return SafetensorsReader().read(write_directory(folder, config=config))[0].shape


def pattern(layers: tuple[LayerShape, ...]) -> str:
    letters = {FullAttention: "f", SlidingAttention: "s", LatentAttention: "l"}
    return "".join(
        ("r" if layer.elements else "-") if isinstance(layer, RecurrentState)
        else letters[type(layer)]
        for layer in layers
    )  # fmt: skip


def test_llama(tmp_path: Path) -> None:
    found = shape(tmp_path, {})
    assert found.layers == (FULL, FULL)
    assert (found.hidden_size, found.heads, found.feed_forward_size) == (16, 4, 32)
    assert found.vocabulary_size == 10


def test_gpt_2_names_its_sizes_otherwise(tmp_path: Path) -> None:
    config = {
        **WITHOUT_SIZES,
        "model_type": "gpt2",
        "n_embd": 24,
        "n_layer": 3,
        "n_head": 4,
        "n_inner": None,
        "n_positions": 99,
        "vocab_size": 7,
    }
    write_directory(tmp_path, config=config)
    (found,) = SafetensorsReader().read(tmp_path)
    assert found.shape.layers == (FullAttention(4, 6, 6),) * 3
    assert found.shape.feed_forward_size == 96
    assert found.trained_context == 99


def test_falcon_shares_one_head(tmp_path: Path) -> None:
    config = {"model_type": "falcon", "num_key_value_heads": None, "multi_query": True}
    assert shape(tmp_path, config).layers[0] == FullAttention(1, 4, 4)
    newer = {**config, "new_decoder_architecture": True, "num_kv_heads": 2}
    assert shape(tmp_path, newer).layers[0] == FullAttention(2, 4, 4)


def test_a_nested_language_model_is_found(tmp_path: Path) -> None:
    nested = {**LLAMA_CONFIG, "model_type": "qwen2", "num_hidden_layers": 3}
    config = {**WITHOUT_SIZES, "model_type": "qwen2_vl", "vision_config": {}, "vocab_size": 5}
    write_directory(tmp_path, config={**config, "text_config": nested})
    (found,) = SafetensorsReader().read(tmp_path)
    assert len(found.shape.layers) == 3
    assert found.shape.vocabulary_size == 10
    assert found.artifact.architecture == "qwen2_vl"
    assert found.trained_context == 256


def test_a_twice_nested_language_model_is_found(tmp_path: Path) -> None:
    config = {
        **WITHOUT_SIZES,
        "model_type": "qwen2_5_omni",
        "thinker_config": {"text_config": LLAMA_CONFIG},
    }
    assert shape(tmp_path, config).layers == (FULL, FULL)


def test_what_transformers_leaves_out_of_a_nested_model_is_known(tmp_path: Path) -> None:
    nested = {
        "model_type": "gemma3_text",
        "hidden_size": 2560,
        "intermediate_size": 10240,
        "num_hidden_layers": 12,
        "sliding_window": 1024,
    }
    config = {**WITHOUT_SIZES, "model_type": "gemma3", "text_config": nested, "vision_config": {}}
    found = shape(tmp_path, config)
    assert found.layers[4:6] == (SlidingAttention(4, 256, 256, 1024), FullAttention(4, 256, 256))
    assert (found.heads, found.vocabulary_size) == (8, 262208)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"model_type": "mistral", "sliding_window": 8}, "ssss"),
        ({"model_type": "mistral", "sliding_window": None}, "ffff"),
        ({"model_type": "qwen2", "sliding_window": 8, "use_sliding_window": False}, "ffff"),
        ({"use_sliding_window": True, "sliding_window": 8, "max_window_layers": 3}, "fffs"),
        ({"model_type": "gemma2", "sliding_window": 8}, "sfsf"),
        ({"sliding_window": 8, "sliding_window_pattern": 3}, "ssfs"),
        (
            {"sliding_window": 8, "layer_types": ["full_attention", "sliding_attention"] * 2},
            "fsfs",
        ),
        ({"attention_chunk_size": 8, "layer_types": ["chunked_attention"] * 4}, "ssss"),
        ({"layer_types": ["sliding_attention"] * 4}, "ffff"),
        ({"layer_types": ["unheard_of"] * 4}, "ffff"),
        ({"num_kv_shared_layers": 2}, "ff--"),
    ],
)
def test_sliding_layers(tmp_path: Path, config: dict[str, Any], expected: str) -> None:
    found = shape(tmp_path, {"num_hidden_layers": 4, **config})
    assert pattern(found.layers) == expected
    windows = {layer.window for layer in found.layers if isinstance(layer, SlidingAttention)}
    assert windows <= {8}


MAMBA = {"mamba_d_state": 8, "mamba_d_conv": 4, "mamba_expand": 2}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({**MAMBA, "layers_block_type": ["mamba", "attention"] * 2}, "rfrf"),
        ({**MAMBA, "attn_layer_period": 4, "attn_layer_offset": 1}, "rfrr"),
        ({**MAMBA, "hybrid_override_pattern": "M-*M"}, "r-fr"),
        ({**MAMBA, "full_attn_idxs": [0, 3]}, "frrf"),
        ({**MAMBA, "full_attention_interval": 2}, "rfrf"),
        ({"layer_types": ["linear_attention"] * 4}, "ffff"),
    ],
)
def test_recurrent_layers(tmp_path: Path, config: dict[str, Any], expected: str) -> None:
    assert pattern(shape(tmp_path, {"num_hidden_layers": 4, **config}).layers) == expected


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({**MAMBA, "hybrid_override_pattern": "M-*M"}, "r-fr"),
        ({**MAMBA, "layers_block_type": ["mamba", "mlp", "full_attention"]}, "r-f"),
    ],
)
def test_layers_that_are_described_need_no_number(
    tmp_path: Path, config: dict[str, Any], expected: str
) -> None:
    assert pattern(shape(tmp_path, {"num_hidden_layers": None, **config}).layers) == expected


@pytest.mark.parametrize(
    ("config", "elements", "width"),
    [
        (
            {"model_type": "mamba", "state_size": 8, "conv_kernel": 4, "expand": 2},
            4 * 32 + 8 * 32,
            5 * 32,
        ),
        (
            {
                "model_type": "mamba2",
                "state_size": 8,
                "conv_kernel": 4,
                "num_heads": 3,
                "head_dim": 5,
                "n_groups": 2,
            },
            4 * (15 + 2 * 2 * 8) + 8 * 15,
            2 * 15 + 3 * (15 + 2 * 2 * 8),
        ),
        ({"model_type": "lfm2", "conv_L_cache": 3, "layer_types": ["conv"] * 2}, 16 * 3, 6 * 16),
        (
            {
                "layer_types": ["linear_attention"] * 2,
                "linear_num_key_heads": 2,
                "linear_num_value_heads": 4,
                "linear_key_head_dim": 8,
                "linear_value_head_dim": 6,
                "linear_conv_kernel_dim": 4,
            },
            (2 * 16 + 24) * 4 + 4 * 8 * 6,
            2 * 24 + 3 * (2 * 16 + 24),
        ),
        ({"model_type": "rwkv", "head_size": 4}, 16 * 4 + 2 * 16, 10 * 16),
    ],
    ids=["mamba", "mamba2", "lfm2", "gated delta net", "rwkv"],
)
def test_the_state_of_recurrent_layers(
    tmp_path: Path, config: dict[str, Any], elements: int, width: int
) -> None:
    assert shape(tmp_path, config).layers == (RecurrentState(elements, width),) * 2


def test_falcon_h1_attends_and_keeps_a_state_in_every_layer(tmp_path: Path) -> None:
    config = {
        "model_type": "falcon_h1",
        "mamba_d_state": 8,
        "mamba_d_conv": 4,
        "mamba_n_heads": 3,
        "mamba_d_head": 5,
        "mamba_n_groups": 1,
    }
    first, second = shape(tmp_path, config).layers
    assert isinstance(first, AttentionBesideState)
    assert first == second
    assert first.state == RecurrentState(4 * (15 + 2 * 8) + 8 * 15, 2 * 15 + 3 * (15 + 2 * 8))


def test_gemma_3n_carries_further_streams_and_an_input_for_each_layer(tmp_path: Path) -> None:
    config = {"altup_num_inputs": 4, "hidden_size_per_layer_input": 8}
    found = shape(tmp_path, {"model_type": "gemma3n_text", **config})
    assert found.carried == 2 * 4 * found.hidden_size + 8 * len(found.layers)


def test_latent_attention(tmp_path: Path) -> None:
    config = {"model_type": "deepseek_v3", "kv_lora_rank": 512, "qk_rope_head_dim": 64}
    assert shape(tmp_path, config).layers == (LatentAttention(512, 64),) * 2


def test_heads_of_their_own_size(tmp_path: Path) -> None:
    assert shape(tmp_path, {"head_dim": 8}).layers[0] == FullAttention(2, 8, 8)
    config = {
        "head_dim": 8,
        "global_head_dim": 16,
        "num_global_key_value_heads": 1,
        "sliding_window": 4,
        "layer_types": ["sliding_attention", "full_attention"],
    }
    found = shape(tmp_path, config).layers
    assert found == (SlidingAttention(2, 8, 8, 4), FullAttention(1, 16, 16))


@pytest.mark.parametrize("names", [("num_local_experts", "num_experts_per_tok"),
                                   ("num_experts", "num_experts_per_tok"),
                                   ("n_routed_experts", "moe_top_k")])  # fmt: skip
def test_experts(tmp_path: Path, names: tuple[str, str]) -> None:
    found = shape(tmp_path, {names[0]: 64, names[1]: 6})
    assert (found.experts, found.experts_used) == (64, 6)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"num_hidden_layers": None}, "`num_hidden_layers`"),
        ({"hidden_size": 0}, "`hidden_size`"),
        ({"hidden_size": "big"}, '`hidden_size` to "big"'),
        ({"hidden_size": 1.5}, "`hidden_size` to 1.5"),
        ({"hidden_size": True}, "`hidden_size` to true"),
        ({"num_attention_heads": -4}, "`num_attention_heads` to -4"),
        ({"num_hidden_layers": 10**9}, "1,000,000,000 layers"),
        ({"layer_types": ["full_attention"]}, "`layer_types`"),
        ({"layer_types": [1, 2]}, "`layer_types`"),
        ({"hybrid_override_pattern": "M"}, "`hybrid_override_pattern`"),
        ({"model_type": None}, "`model_type`"),
        ({"model_type": "\u001b[31m"}, "which is no name"),
        ({"text_config": []}, "`text_config`"),
        ({"quantization_config": {"bits": "four"}}, '`bits` to "four"'),
    ],
)
def test_a_size_that_is_none_is_refused(tmp_path: Path, config: dict[str, Any], words: str) -> None:
    with pytest.raises(LoadFailed) as caught:
        shape(tmp_path, config)
    assert caught.value.code == "malformed-file"
    assert words in caught.value.message
    assert caught.value.context["path"] == str(tmp_path / "config.json")
