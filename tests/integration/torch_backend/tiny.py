"""Tiny models of every model type on the adapter's list, in memory."""

from typing import Any, cast

from tests.support.hf_models import randomize

SIZES: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 256,
    "vocab_size": 101,
    "pad_token_id": None,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "num_experts": 4,
    "num_local_experts": 4,
    "n_routed_experts": 4,
    "n_shared_experts": 1,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 32,
    "shared_expert_intermediate_size": 32,
    "n_group": 1,
    "topk_group": 1,
    "first_k_dense_replace": 1,
    "sliding_window": 8,
    "attention_chunk_size": 8,
    "hidden_size_per_layer_input": 8,
    "vocab_size_per_layer_input": 101,
    "num_kv_shared_layers": 0,
}
"""Every model type takes those of them that it knows."""

KINDS = ["sliding_attention", "full_attention", "sliding_attention"]
_EYES = {
    "hidden_size": 32,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "image_size": 28,
    "patch_size": 14,
}
_SHORT_TEXT = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
_TEXT = {name: SIZES[name] for name in (*_SHORT_TEXT, "num_key_value_heads", "head_dim")}

CHANGES: dict[str, dict[str, Any]] = {
    "cohere2": {"layer_types": KINDS},
    "exaone4": {"layer_types": KINDS},
    "gemma3": {
        "text_config": {**_TEXT, "vocab_size": 101, "sliding_window": 8, "layer_types": KINDS},
        "vision_config": _EYES,
        "mm_tokens_per_image": 4,
        "image_token_index": 99,
    },
    "gemma3_text": {"layer_types": KINDS},
    "gemma3n_text": {"layer_types": KINDS, "activation_sparsity_pattern": [0.0] * 3},
    "gemma4_text": {"layer_types": KINDS[:2] + KINDS[1:2], "num_kv_shared_layers": 1},
    "llama4_text": {
        "layer_types": ["chunked_attention", "full_attention", "chunked_attention"],
        "moe_layers": [1],
    },
    "qwen2": {"use_sliding_window": True, "max_window_layers": 1},
    "qwen2_moe": {"use_sliding_window": True, "max_window_layers": 1},
}
"""What a model type needs beside the sizes, so that all its kinds of layers are there."""


def tiny_model(model_type: str, **changes: Any) -> Any:
    """Return a random model of the type in float32, ready to compute."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    kind = type(AutoConfig.for_model(model_type))
    known = {*kind().to_dict(), *kind.attribute_map}
    asked = {**SIZES, **CHANGES.get(model_type, {}), **changes}
    config = kind(**{name: value for name, value in asked.items() if name in known})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # some layers draw what we leave alone
        model = cast("Any", AutoModelForCausalLM).from_config(config, dtype=torch.float32)
    randomize(model, 0)
    return model.eval()
