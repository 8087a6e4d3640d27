"""Tiny random models of families that mlx-lm's own code makes and names the weights of.

For those that transformers writes in another form, does not have, or wraps in a model of several
modalities.
"""

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np

_PLAIN: dict[str, Any] = {
    "vocab_size": 320,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 1024,
    "rms_norm_eps": 1e-6,
    "rope_theta": 10000.0,
    "tie_word_embeddings": False,
}
_WINDOWED = {"layer_types": ["sliding_attention"] * 3 + ["full_attention"], "sliding_window": 16}
_EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
_LATENT = {
    "num_key_value_heads": 4,
    "q_lora_rank": 32,
    "kv_lora_rank": 32,
    "qk_nope_head_dim": 16,
    "qk_rope_head_dim": 16,
    "v_head_dim": 16,
}
_ROUTED = {
    "n_routed_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 32,
    "n_shared_experts": 1,
    "first_k_dense_replace": 1,
    "n_group": 1,
    "topk_group": 1,
}
_YARN = {
    "type": "yarn",
    "factor": 4.0,
    "original_max_position_embeddings": 64,
    "mscale": 1.0,
    "mscale_all_dim": 1.0,
    "beta_fast": 32,
    "beta_slow": 1,
}
_DELTA_NET = {
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_key_head_dim": 16,
    "linear_value_head_dim": 16,
    "linear_conv_kernel_dim": 4,
}
_GEMMA3 = {**_PLAIN, "sliding_window": 16, "sliding_window_pattern": 2, "query_pre_attn_scalar": 16}
_GEMMA3N = {
    **_PLAIN,
    **_WINDOWED,
    "num_kv_shared_layers": 0,
    "rope_local_base_freq": 10000.0,
    "final_logit_softcapping": 30.0,
    "activation_sparsity_pattern": [0.0] * 4,
    "intermediate_size": [128] * 4,
    "hidden_size_per_layer_input": 16,
    "vocab_size_per_layer_input": 320,
    "altup_num_inputs": 2,
    "altup_coef_clip": 120.0,
    "altup_correct_scale": True,
    "altup_active_idx": 0,
    "laurel_rank": 8,
}


def _nested(model_type: str, **settings: Any) -> dict[str, Any]:
    return {"vocab_size": 320, "text_config": {**_PLAIN, "model_type": model_type, **settings}}


NATIVE: dict[str, dict[str, Any]] = {
    "bailing_moe": {
        **_PLAIN,
        **_EXPERTS,
        "num_shared_experts": 1,
        "norm_topk_prob": True,
        "first_k_dense_replace": 1,
    },
    "deepseek_v2": {**_PLAIN, **_LATENT, **_ROUTED, "rope_scaling": _YARN},
    "deepseek_v32": {
        **_PLAIN,
        **_LATENT,
        **_ROUTED,
        "index_head_dim": 32,
        "index_n_heads": 2,
        "index_topk": 16,
    },
    "exaone": {**_PLAIN, "num_layers": 4, "layer_norm_epsilon": 1e-5},
    "gemma3": _nested("gemma3_text", **_GEMMA3),
    "gemma3n": _nested("gemma3n_text", **_GEMMA3N),
    "gemma4_text": {
        **_PLAIN,
        **_WINDOWED,
        "num_kv_shared_layers": 0,
        "global_head_dim": 16,
        "hidden_size_per_layer_input": 16,
        "vocab_size_per_layer_input": 320,
    },
    "gpt2": {
        "vocab_size": 320,
        "n_ctx": 512,
        "n_embd": 64,
        "n_head": 4,
        "n_layer": 3,
        "n_positions": 512,
        "layer_norm_epsilon": 1e-5,
    },
    "gpt_oss": {**_PLAIN, **_WINDOWED, "num_local_experts": 4, "num_experts_per_tok": 2},
    "internlm2": _PLAIN,
    "longcat_flash": {
        **_PLAIN,
        **_LATENT,
        "attention_method": "MLA",
        "zero_expert_type": "identity",
        "zero_expert_num": 2,
        "n_routed_experts": 4,
        "moe_topk": 2,
        "ffn_hidden_size": 128,
        "expert_ffn_hidden_size": 32,
        "num_layers": 2,
        "norm_topk_prob": False,
        "routed_scaling_factor": 1.0,
        "mla_scale_q_lora": True,
        "mla_scale_kv_lora": True,
        "attention_bias": False,
    },
    "mimo": {**_PLAIN, "num_nextn_predict_layers": 0},
    "minicpm": {**_PLAIN, "dim_model_base": 64, "scale_depth": 1.4, "scale_emb": 12},
    "mistral3": _nested("mistral"),
    "nanochat": {**_PLAIN, "num_key_value_heads": 4},
    "pixtral": _nested("mistral"),
    "qwen2_vl": _nested("qwen2_vl"),
    "qwen3_5_moe": _nested(
        "qwen3_5_moe_text",
        **_DELTA_NET,
        **_EXPERTS,
        shared_expert_intermediate_size=32,
        full_attention_interval=4,
    ),
    "qwen3_vl": _nested("qwen3_vl_text"),
    "qwen3_vl_moe": _nested(
        "qwen3_vl_moe_text",
        **_EXPERTS,
        decoder_sparse_step=1,
        mlp_only_layers=[],
        norm_topk_prob=True,
    ),
}
"""Configurations by `model_type`, in mlx-lm's words."""


def write_native(model_type: str, folder: Path, *, seed: int = 0) -> Path:
    """Write the model's directory, f32, without a tokenizer; return the folder."""
    import mlx.core as mx
    from mlx import utils

    trees: Any = utils

    config = {"model_type": model_type, **NATIVE[model_type]}
    module = importlib.import_module(f"mlx_lm.models.{model_type}")
    # A copy: some models change what they are given
    arguments = module.ModelArgs.from_dict(json.loads(json.dumps(config)))
    random = np.random.default_rng(seed)
    weights: dict[str, Any] = {}
    for name, value in trees.tree_flatten(module.Model(arguments).parameters()):
        drawn = mx.array(random.standard_normal(value.shape).astype(np.float32))
        if name.endswith("A_log"):
            weights[name] = value  # a state must decay
        elif value.ndim == 1:
            weights[name] = value + drawn / 10
        else:
            weights[name] = drawn * (1.5 / value.shape[-1] ** 0.5)
    folder.mkdir(parents=True, exist_ok=True)
    mx.save_safetensors(str(folder / "model.safetensors"), weights, {"format": "mlx"})
    (folder / "config.json").write_text(json.dumps(config, indent=2), "utf-8")
    return folder
