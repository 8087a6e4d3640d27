"""What sort of layer stands where, from a configuration.

The names of kinds are those of transformers' `layer_types`; older configurations say the same in
other ways. A kind that is not known counts as full attention: memory is never underestimated.
"""

from enum import Enum, auto

from lmrt.adapters.safetensors.documents import Settings


class Kind(Enum):
    """Sorts of layers, as far as their memory differs."""

    FULL = auto()
    SLIDING = auto()
    RECURRENT = auto()
    NONE = auto()


_KINDS = {
    "sliding_attention": Kind.SLIDING,
    "local_attention": Kind.SLIDING,
    "chunked_attention": Kind.SLIDING,
    "linear_attention": Kind.RECURRENT,
    "mamba": Kind.RECURRENT,
    "mamba2": Kind.RECURRENT,
    "recurrent": Kind.RECURRENT,
    "conv": Kind.RECURRENT,
    "mlp": Kind.NONE,
    "moe": Kind.NONE,
}
_LISTS = ("layer_types", "layers_block_type")
_PATTERN = "hybrid_override_pattern"
_PATTERN_LETTERS = {"M": Kind.RECURRENT, "-": Kind.NONE, "E": Kind.NONE}
_ALL_RECURRENT = frozenset({"mamba", "mamba2", "falcon_mamba", "rwkv"})
_SLIDING_PERIODS = {"gemma2": 2, "gemma3": 6, "gemma3_text": 6, "gemma3n_text": 5, "cohere2": 4}
"""One layer in so many, the last, attends to everything; where the configuration does not tell."""


def layer_kinds(config: Settings, layers: int) -> tuple[Kind, ...]:
    """Return the kind of each layer.

    Raises:
        LoadFailed: The configuration describes fewer layers than it has (`malformed-file`).
    """
    kinds = _listed(config, layers) or _alternating(config, layers) or _windowed(config, layers)
    own = layers - (config.count("num_kv_shared_layers") or 0)
    return tuple(kind if layer < own else Kind.NONE for layer, kind in enumerate(kinds))


def window(config: Settings) -> int:
    """Return the tokens that a sliding layer attends to, 0 where none slides."""
    if config.truth("use_sliding_window") is False:
        return 0
    return config.count("sliding_window", "attention_chunk_size") or 0


def described_layers(config: Settings) -> int:
    """Return the number of layers that are described one by one, 0 where none is."""
    return len(config.texts(*_LISTS) or config.text(_PATTERN) or "")


def _listed(config: Settings, layers: int) -> tuple[Kind, ...] | None:
    for name in _LISTS:
        listed = config.texts(name)
        if listed is not None:
            if len(listed) < layers:
                raise config.wrong(name, f"a list of {layers} kinds")
            return tuple(_KINDS.get(kind, Kind.FULL) for kind in listed[:layers])
    pattern = config.text(_PATTERN)
    if pattern is None:
        return None
    if len(pattern) < layers:
        raise config.wrong(_PATTERN, f"a text of {layers} letters")
    return tuple(_PATTERN_LETTERS.get(letter, Kind.FULL) for letter in pattern[:layers])


def _alternating(config: Settings, layers: int) -> tuple[Kind, ...] | None:
    """Return the kinds of a model that attends in some layers and is recurrent in the others."""
    if config.text("model_type") in _ALL_RECURRENT:
        return (Kind.RECURRENT,) * layers
    attending = config.counts("full_attn_idxs", "attn_layer_indices")
    if isinstance(attending, tuple):
        full = frozenset(attending)
    elif period := config.count("attn_layer_period", "full_attention_interval"):
        first = config.count("attn_layer_offset")
        full = frozenset(range(period - 1 if first is None else first, layers, period))
    else:
        return None
    return tuple(Kind.FULL if layer in full else Kind.RECURRENT for layer in range(layers))


def _windowed(config: Settings, layers: int) -> tuple[Kind, ...]:
    if not window(config):
        return (Kind.FULL,) * layers
    period = config.count("sliding_window_pattern", "_sliding_window_pattern")
    period = period or _SLIDING_PERIODS.get(config.text("model_type") or "")
    if period:
        full = [(layer + 1) % period == 0 for layer in range(layers)]
    else:
        first_sliding = config.count("max_window_layers") or 0
        full = [layer < first_sliding for layer in range(layers)]
    return tuple(Kind.FULL if attends else Kind.SLIDING for attends in full)
