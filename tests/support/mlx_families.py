"""More families that both transformers and mlx-lm know, as `write_hf_model` takes them.

Those of `tests.support.hf_models` stand for the usual; these for keys that one library writes and
the other reads under another name, for scaled positions, windows and layers of several kinds.
"""

from pathlib import Path
from typing import Any

from tests.support.hf_models import HIDDEN, VOCABULARY, WINDOW, write_hf_model
from tests.support.tiny_models import BOS, EOS

THETA = 500000.0

_IDS: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "bos_token_id": BOS,
    "eos_token_id": EOS,
    "pad_token_id": None,
}
_PLAIN: dict[str, Any] = {
    **_IDS,
    "hidden_size": HIDDEN,
    "intermediate_size": 128,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 1024,
    "rope_parameters": {"rope_type": "default", "rope_theta": THETA},
}
_HEADED = {**_PLAIN, "head_dim": 32}
_OLD = {**_IDS, "n_embd": HIDDEN, "n_layer": 3, "n_head": 4, "n_positions": 512}
_WINDOWED = {
    "num_hidden_layers": 4,
    "layer_types": ["sliding_attention"] * 3 + ["full_attention"],
    "sliding_window": WINDOW,
}
_EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
_ROUTED = {
    "n_routed_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 32,
    "n_shared_experts": 1,
    "n_group": 1,
    "topk_group": 1,
}
_LATENT = {
    "num_key_value_heads": 4,
    "q_lora_rank": 32,
    "kv_lora_rank": 32,
    "qk_nope_head_dim": 16,
    "qk_rope_head_dim": 16,
    "v_head_dim": 16,
}
_DELTA_NET = {
    "num_hidden_layers": 4,
    "layer_types": ["linear_attention"] * 3 + ["full_attention"],
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_key_head_dim": 16,
    "linear_value_head_dim": 16,
    "linear_conv_kernel_dim": 4,
}
_MAMBA2 = {
    "mamba_n_heads": 4,
    "mamba_d_state": 16,
    "mamba_n_groups": 1,
    "mamba_chunk_size": 16,
}


def _rope(**keys: Any) -> dict[str, Any]:
    return {"rope_parameters": {"rope_type": "default", "rope_theta": THETA, **keys}}


_HALF = _rope(partial_rotary_factor=0.5)
_YARN = _rope(rope_type="yarn", factor=4.0, original_max_position_embeddings=32)
_TWO_ROPES = {
    "rope_parameters": {
        "full_attention": {"rope_type": "default", "rope_theta": THETA},
        "sliding_attention": {"rope_type": "default", "rope_theta": 20000.0},
    }
}

EQUAL: dict[str, tuple[str, dict[str, Any]]] = {
    "afmoe": (
        "afmoe",
        {**_HEADED, **_WINDOWED, **_EXPERTS, "num_dense_layers": 1, "num_shared_experts": 1},
    ),
    "apertus": ("apertus", _PLAIN),
    "cohere": ("cohere", _PLAIN),
    "cohere2": ("cohere2", {**_PLAIN, **_WINDOWED, "head_dim": 16}),
    "deepseek-v3": (
        "deepseek_v3",
        {**_PLAIN, **_LATENT, **_ROUTED, "first_k_dense_replace": 1},
    ),
    "dots1": ("dots1", {**_HEADED, **_ROUTED, "first_k_dense_replace": 1}),
    "ernie4.5": ("ernie4_5", _HEADED),
    "exaone4": ("exaone4", {**_PLAIN, **_WINDOWED}),
    "falcon-h1": (
        "falcon_h1",
        {**_PLAIN, **_MAMBA2, "mamba_d_ssm": 64, "mamba_d_head": 16},
    ),
    "falcon-mamba": (
        "falcon_mamba",
        {**_IDS, "hidden_size": HIDDEN, "num_hidden_layers": 3, "state_size": 16},
    ),
    "glm4": ("glm4", {**_HEADED, **_HALF}),
    "glm4-moe": ("glm4_moe", {**_HEADED, **_HALF, **_ROUTED, "first_k_dense_replace": 1}),
    "glm4-moe-lite": (
        "glm4_moe_lite",
        {**_PLAIN, **_LATENT, **_ROUTED, "first_k_dense_replace": 1},
    ),
    "gptj": ("gptj", {**_OLD, "rotary_dim": 8}),
    "granite-moe": ("granitemoe", {**_PLAIN, "num_local_experts": 4, "num_experts_per_tok": 2}),
    "granite-hybrid": (
        "granitemoehybrid",
        {
            **_PLAIN,
            **_MAMBA2,
            "num_local_experts": 4,
            "num_experts_per_tok": 2,
            "shared_intermediate_size": 64,
            "layer_types": ["mamba", "attention", "mamba"],
            "mamba_d_head": 32,
            "position_embedding_type": "rope",
        },
    ),
    "helium": ("helium", {**_PLAIN, "head_dim": 16}),
    "hunyuan": ("hunyuan_v1_dense", _HEADED),
    "internlm3": ("internlm3", {**_PLAIN, "head_dim": 16}),
    "iquestcoder": ("iquestcoder", _PLAIN),
    "lfm2-moe": (
        "lfm2_moe",
        {
            **_PLAIN,
            **_EXPERTS,
            "layer_types": ["conv", "full_attention", "conv"],
            "num_dense_layers": 1,
        },
    ),
    "llama-linear": ("llama", {**_PLAIN, **_rope(rope_type="linear", factor=4.0)}),
    "llama-yarn": ("llama", {**_PLAIN, **_YARN}),
    "llama-dynamic": ("llama", {**_PLAIN, **_rope(rope_type="dynamic", factor=4.0)}),
    "mamba2": (
        "mamba2",
        {
            **_IDS,
            "hidden_size": HIDDEN,
            "num_hidden_layers": 3,
            "state_size": 16,
            "num_heads": 8,
            "head_dim": 16,
            "n_groups": 1,
            "chunk_size": 16,
        },
    ),
    "mellum": ("mellum", {**_HEADED, **_WINDOWED, **_TWO_ROPES, **_EXPERTS}),
    "minimax-m2": (
        "minimax_m2",
        {**_HEADED, **_HALF, "num_local_experts": 4, "num_experts_per_tok": 2},
    ),
    "ministral3": (
        "ministral3",
        {
            **_HEADED,
            **_rope(
                rope_type="yarn",
                factor=4.0,
                original_max_position_embeddings=32,
                beta_fast=32.0,
                beta_slow=1.0,
                mscale=1.0,
                mscale_all_dim=1.0,
                llama_4_scaling_beta=0.1,
            ),
        },
    ),
    "mixtral-sliding": (
        "mixtral",
        {**_PLAIN, "sliding_window": WINDOW, "num_local_experts": 4, "num_experts_per_tok": 2},
    ),
    "nemotron": ("nemotron", {**_PLAIN, **_HALF}),
    "olmo3": ("olmo3", {**_PLAIN, **_WINDOWED}),
    "olmoe": ("olmoe", {**_PLAIN, "num_experts": 4, "num_experts_per_tok": 2}),
    "phi": ("phi", {**_PLAIN, **_HALF}),
    "phi3-sliding": ("phi3", {**_PLAIN, "sliding_window": WINDOW}),
    "phi-moe": (
        "phimoe",
        {
            **_PLAIN,
            "num_local_experts": 4,
            "num_experts_per_tok": 2,
            "attention_bias": True,
            "lm_head_bias": True,
        },
    ),
    "qwen2-moe": ("qwen2_moe", {**_PLAIN, **_EXPERTS, "shared_expert_intermediate_size": 32}),
    "qwen2-yarn": ("qwen2", {**_PLAIN, **_YARN}),
    "qwen3.5": ("qwen3_5_text", {**_HEADED, **_rope(partial_rotary_factor=0.25), **_DELTA_NET}),
    "qwen3-next": (
        "qwen3_next",
        {
            **_HEADED,
            **_rope(partial_rotary_factor=0.25),
            **_DELTA_NET,
            **_EXPERTS,
            "shared_expert_intermediate_size": 32,
        },
    ),
    "qwen3-yarn": ("qwen3", {**_HEADED, **_YARN}),
    "seed-oss": ("seed_oss", _HEADED),
    "smollm3": ("smollm3", {**_PLAIN, "num_hidden_layers": 4}),
    "stablelm": ("stablelm", {**_PLAIN, **_HALF}),
}
"""Families whose logits are those of transformers, to the last bits of 32."""

_RECURRENT_GEMMA = {
    "num_key_value_heads": 1,
    "head_dim": 16,
    "lru_width": HIDDEN,
    "attention_window_size": WINDOW,
    "block_types": ["recurrent", "recurrent", "attention"],
}

CLOSE: dict[str, tuple[str, dict[str, Any]]] = {
    "gemma": ("gemma", _HEADED),
    "gpt-bigcode": ("gpt_bigcode", {**_OLD, "n_inner": 128}),
    "gpt-neox": (
        "gpt_neox",
        {**_PLAIN, **_HALF, "intermediate_size": 256, "num_key_value_heads": 4},
    ),
    "recurrent-gemma": (
        "recurrent_gemma",
        {
            **_PLAIN,
            **_rope(rope_theta=10000.0, partial_rotary_factor=0.5),
            **_RECURRENT_GEMMA,
        },
    ),
    "starcoder2": ("starcoder2", {**_PLAIN, "sliding_window": None}),
    "starcoder2-sliding": ("starcoder2", {**_PLAIN, "sliding_window": WINDOW}),
}
"""Families in which mlx-lm takes another form of GELU, which differs in the third decimal."""

PHI3_LONG = (
    "phi3",
    {
        **_PLAIN,
        "original_max_position_embeddings": 64,
        **_rope(
            rope_type="longrope",
            short_factor=[1.1] * 8,
            long_factor=[1.0 + 0.3 * place for place in range(8)],
            original_max_position_embeddings=64,
        ),
    },
)
"""With factors for texts of up to 64 tokens, and others for longer ones."""

REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "glm": ("glm", {**_HEADED, **_HALF}),
    "gemma2-linear": ("gemma2", {**_HEADED, **_rope(rope_type="linear", factor=4.0)}),
    "recurrent-gemma-theta": ("recurrent_gemma", {**_PLAIN, **_HALF, **_RECURRENT_GEMMA}),
}
"""Models whose rotary position embedding mlx-lm does not read, by whatever name."""

HALF_SLIDING: dict[str, tuple[str, dict[str, Any]]] = {
    name: (
        name,
        {
            **_PLAIN,
            "head_dim": 16,
            "use_sliding_window": True,
            "sliding_window": WINDOW,
            "max_window_layers": 1,
        },
    )
    for name in ("qwen2", "qwen3")
}
"""Models in which some layers slide, for mlx-lm none."""


def write(family: tuple[str, dict[str, Any]], folder: Path) -> Path:
    """Write a family's tiny model; return the folder."""
    return write_hf_model(*family, folder)
