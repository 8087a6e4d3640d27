"""Sliding windows: which layers of a model have one, and whether the engine keeps to it.

Several of mlx-lm's models attend to everything where the original looks back over a window only.
Up to the window's length that is the same. Beyond it, a model whose layers all slide can be given
caches that keep the window, which the engine masks by; any other must not be run.
"""

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from lmrt.adapters.mlx.config import language_settings

MIXED_WITHOUT_WINDOW = frozenset({"gemma2", "qwen2", "qwen2_moe", "qwen3", "qwen3_moe"})
"""Architectures some layers of which may slide, of which mlx-lm lets all attend to everything."""

_ALL_SLIDE = frozenset({"mistral", "mixtral", "phi3", "phimoe", "starcoder2"})
_EVERY_OTHER = frozenset({"gemma2"})


@frozen
class Windows:
    """The sliding layers of a model.

    Attributes:
        size: Tokens that they attend to, the current one counted.
        layers: Their numbers.
        total: Layers in all.
    """

    size: int
    layers: frozenset[int]
    total: int


def windows(config: Mapping[str, Any]) -> Windows | None:
    """Return the sliding layers that a configuration describes, or None where it tells of none."""
    config = language_settings(config)
    size, total = config.get("sliding_window"), config.get("num_hidden_layers")
    if not size or not total or config.get("use_sliding_window") is False:
        return None
    layers = frozenset(_sliding(config, total))
    return Windows(size, layers, total) if layers else None


def _sliding(config: Mapping[str, Any], total: int) -> Any:
    kinds, model = config.get("layer_types"), config.get("model_type")
    if kinds:
        return (number for number, kind in enumerate(kinds) if kind == "sliding_attention")
    if model in _ALL_SLIDE:
        return range(total)
    if model in _EVERY_OTHER:
        return range(0, total, 2)
    if config.get("use_sliding_window"):
        return range(config.get("max_window_layers") or 0, total)
    return ()  # of other models the engine's own code tells
