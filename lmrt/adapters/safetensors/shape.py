"""The architecture's sizes from a `config.json`."""

from typing import Any

from lmrt.adapters.safetensors.documents import Settings
from lmrt.adapters.safetensors.layers import Kind, described_layers, layer_kinds, window
from lmrt.adapters.safetensors.recurrent import attends_beside, recurrent_state
from lmrt.domain.files import malformed_file
from lmrt.domain.models import (
    ArchitectureShape,
    AttentionBesideState,
    FullAttention,
    LatentAttention,
    LayerShape,
    RecurrentState,
    SlidingAttention,
)

MAX_LAYERS = 4096

_NESTED = ("text_config", "llm_config", "language_config")

_DEFAULTS: dict[str, dict[str, Any]] = {
    "gemma3_text": {
        "hidden_size": 2304,
        "num_hidden_layers": 26,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "head_dim": 256,
        "intermediate_size": 9216,
        "vocab_size": 262208,
        "sliding_window": 4096,
        "max_position_embeddings": 131072,
    },
    "llama": {
        "hidden_size": 4096,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "intermediate_size": 11008,
        "vocab_size": 32000,
        "max_position_embeddings": 2048,
    },
    "mistral": {
        "hidden_size": 4096,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "intermediate_size": 14336,
        "vocab_size": 32000,
        "max_position_embeddings": 131072,
    },
}
"""transformers leaves out of a nested configuration what equals the class's defaults."""


def language_config(config: Settings) -> Settings:
    """Return the settings of the language model, which multimodal models nest."""
    nested = config.table(*_NESTED)
    if nested is None:
        thinker = config.table("thinker_config")
        nested = thinker.table(*_NESTED) if thinker is not None else None
    if nested is None:
        return config
    defaults = _DEFAULTS.get(nested.text("model_type") or "", {})
    return Settings(config.path, {**config.values, **defaults, **nested.values})


def trained_context(config: Settings) -> int | None:
    """Return the tokens that the model was trained on at once, or None."""
    names = ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length")
    return config.count(*names) or None


def architecture_shape(config: Settings, parameters: int | None) -> ArchitectureShape:
    """Return the shape.

    Args:
        config: Of the language model.
        parameters: Number of weights, where the headers tell.

    Raises:
        LoadFailed: A size is missing or out of range (`malformed-file`).
    """
    layers = _layer_count(config)
    hidden = _required(config, "hidden_size", "n_embd", "d_model", "dim")
    if layers > MAX_LAYERS:
        raise malformed_file(config.path, f"claims {layers:,} layers")
    heads = _largest(config.counts(*_HEADS)) or 0
    inner = _largest(config.counts("intermediate_size", "n_inner", "ffn_dim", "d_ff"))
    if inner is None:
        inner = config.count("moe_intermediate_size")
    return ArchitectureShape(
        layers=_layers(config, layers, hidden),
        hidden_size=hidden,
        heads=heads,
        feed_forward_size=4 * hidden if inner is None else inner,
        vocabulary_size=config.count("vocab_size") or 0,
        experts=config.count("num_local_experts", "num_experts", "n_routed_experts") or 0,
        experts_used=config.count("num_experts_per_tok", "moe_top_k") or 0,
        parameters=parameters,
        carried=_carried(config, layers, hidden),
    )


def _carried(config: Settings, layers: int, hidden: int) -> int:
    """Return the elements that Gemma 3n and 4 carry along: streams, and an input a layer."""
    streams = config.count("altup_num_inputs") or 0
    an_input = config.count("hidden_size_per_layer_input") or 0
    # Of every stream, what a layer finds and what it predicts are live together.
    return 2 * streams * hidden + an_input * layers


def _layer_count(config: Settings) -> int:
    names = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
    # Nemotron-H describes each layer and need not count them
    described = described_layers(config) if config.count(*names) is None else 0
    return described or _required(config, *names)


_HEADS = ("num_attention_heads", "n_head", "n_heads", "num_heads", "num_query_heads")


def _required(config: Settings, *names: str) -> int:
    value = config.count(*names)
    if not value:
        raise malformed_file(config.path, f"does not tell `{names[0]}`", key=names[0])
    return value


def _largest(value: int | tuple[int, ...] | None) -> int | None:
    return max(value, default=0) if isinstance(value, tuple) else value


def _layers(config: Settings, layers: int, hidden: int) -> tuple[LayerShape, ...]:
    full = _full_attention(config, hidden)
    sliding = _sliding_attention(config, hidden)
    state = recurrent_state(config, hidden)
    if attends_beside(config) and state is not None and isinstance(full, FullAttention):
        return (AttentionBesideState(full, state),) * layers
    # A state of unknown size counts as full attention: never too little memory.
    recurrent: LayerShape = full if state is None else state
    shapes: dict[Kind, LayerShape] = {
        Kind.FULL: full,
        Kind.SLIDING: full if sliding is None else sliding,
        Kind.RECURRENT: recurrent,
        Kind.NONE: RecurrentState(0),
    }
    return tuple(shapes[kind] for kind in layer_kinds(config, layers))


def _full_attention(config: Settings, hidden: int) -> FullAttention | LatentAttention:
    rank, rope = config.count("kv_lora_rank"), config.count("qk_rope_head_dim")
    if rank and rope:
        return LatentAttention(rank, rope)
    kv_heads, size = _heads(config, hidden)
    kv_heads = config.count("num_global_key_value_heads") or kv_heads
    size = config.count("global_head_dim") or size
    return FullAttention(kv_heads, size, config.count("v_head_dim") or size)


def _sliding_attention(config: Settings, hidden: int) -> SlidingAttention | None:
    tokens = window(config)
    if not tokens:
        return None
    kv_heads, size = _heads(config, hidden)
    return SlidingAttention(kv_heads, size, config.count("v_head_dim") or size, tokens)


def _heads(config: Settings, hidden: int) -> tuple[int, int]:
    """Return the heads of the KV cache and the size of one."""
    heads = _largest(config.counts(*_HEADS)) or 0
    kv_heads = _largest(config.counts("num_key_value_heads", "num_kv_heads", "n_head_kv"))
    # Falcon: one head for all queries, where it is not told otherwise.
    if config.truth("multi_query") and not config.truth("new_decoder_architecture"):
        kv_heads = 1
    size = config.count("head_dim", "kv_channels") or (hidden // heads if heads else 0)
    return (heads if kv_heads is None else kv_heads), size
