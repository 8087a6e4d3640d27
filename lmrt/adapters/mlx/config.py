"""A model's `config.json` in the words that mlx-lm reads."""

from collections.abc import Mapping
from typing import Any

from lmrt.adapters.mlx.ropes import fitted, rope_keys, rope_rules

_NESTED = ("text_config", "language_config", "llm_config")
"""Where models of several modalities keep the settings of their language model."""

ALIASES = {"qwen3_5_text": "qwen3_5", "qwen3_5_moe_text": "qwen3_5_moe"}
"""Names of language models alone that mlx-lm reads under the name of the whole."""

_UNWRITTEN: dict[str, dict[str, Any]] = {
    "apertus": {"mlp_bias": False, "post_norm": False, "qk_norm": True},
    "exaone4": {"rope_scaling": None, "sliding_window": None, "sliding_window_pattern": None},
    "minimax_m2": {"shared_intermediate_size": 0},
    "solar_open": {"first_k_dense_replace": 0},
}
"""What mlx-lm wants to be told and transformers takes for granted."""

_HYBRID_LAYERS = {"linear_attention": "mamba", "full_attention": "attention"}


def normalised(config: Mapping[str, Any], context: int) -> dict[str, Any]:
    """Return the configuration with every key that mlx-lm looks for; nothing is taken away.

    Args:
        config: As transformers of any version, or mlx-lm, wrote it.
        context: Tokens of context that the model will run with.
    """
    result = dict(config)
    for name in _NESTED:
        if isinstance(result.get(name), Mapping):
            result[name] = normalised(result[name], context)
    for name in ("rope_parameters", "rope_scaling"):
        if name in result:
            result[name] = fitted(result[name], result, context)
    rules = rope_rules(result)
    if rules is not None:
        result |= rope_keys(rules)
        _add_head_size(result)
    _add_experts(result)
    _add_window_pattern(result)
    _add_own(result)
    return result


def language_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of the language model, which some configurations nest."""
    result = dict(config)
    for name in _NESTED:
        if isinstance(config.get(name), Mapping):
            result |= config[name]
    return result


def _add_head_size(config: dict[str, Any]) -> None:
    """Add a head's size; transformers leaves it out where it follows from the others."""
    hidden, heads = config.get("hidden_size"), config.get("num_attention_heads")
    latent = "kv_lora_rank" in config  # whose heads are of several sizes
    if config.get("head_dim") is None and not latent and hidden and heads:
        config["head_dim"] = hidden // heads
    share = config.get("partial_rotary_factor")
    if share is not None and config.get("head_dim"):
        config.setdefault("rotary_dim", int(config["head_dim"] * share))


def _add_experts(config: dict[str, Any]) -> None:
    names = ("num_experts", "num_local_experts")
    count = next((config[name] for name in names if config.get(name) is not None), None)
    if count is not None:
        for name in names:
            if config.get(name) is None:
                config[name] = count


def _add_window_pattern(config: dict[str, Any]) -> None:
    """Add that one layer in so many, the last, attends to everything, where it is so."""
    kinds = config.get("layer_types")
    if not isinstance(kinds, list) or set(kinds) != {"sliding_attention", "full_attention"}:
        return
    period = kinds.index("full_attention") + 1
    regular = all(
        (kind == "full_attention") == ((n + 1) % period == 0) for n, kind in enumerate(kinds)
    )
    if config.get("model_type") == "exaone4":
        letters = {"sliding_attention": "L", "full_attention": "G"}
        config["sliding_window_pattern"] = "".join(letters[kind] for kind in kinds)
    elif regular:
        config["sliding_window_pattern"] = period


def _add_own(config: dict[str, Any]) -> None:
    """Add what single models need."""
    model = str(config.get("model_type"))
    if model in ALIASES:
        config["model_type"] = ALIASES[model]
    for name, value in _UNWRITTEN.get(model, {}).items():
        config.setdefault(name, value)
    if model == "lfm2":
        config.setdefault("block_dim", config.get("hidden_size"))
    elif model == "mamba2" and "expand" in config:
        config.setdefault("intermediate_size", config["expand"] * config.get("hidden_size", 0))
    elif model == "granitemoehybrid" and isinstance(config.get("layer_types"), list):
        config["layer_types"] = [_HYBRID_LAYERS.get(kind, kind) for kind in config["layer_types"]]
