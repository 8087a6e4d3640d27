"""What the layers that were built rotate by, against what the configuration says."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from lmrt.adapters.mlx.config import language_settings
from lmrt.adapters.mlx.engine import Engine
from lmrt.adapters.mlx.ropes import RopeRule, RopeRules, rope_rules

_TOLERANCE = 1e-4


def unfollowed(engine: Engine, model: Any, config: Mapping[str, Any]) -> str | None:
    """Return the rules that some layer does not rotate by, or None where all follow them.

    Configurations without `rope_parameters` are in the engine's own words; they are not looked
    into. Nor are models that rotate without a module for it.

    Args:
        engine: The engine.
        model: The model that was built.
        config: The normalised configuration that it was built from.
    """
    config = language_settings(config)
    rules = rope_rules(config)
    if rules is None:
        return None
    built = [each for each in map(_frequencies, _rotating(model)) if each is not None]
    wanted = [each for rule in rules.all for each in _wanted(engine, rule, config, built)]
    plain = list(_plain(rules, config, built))
    strays = [each for each in built if not _among(each, wanted + plain)]
    followed = any(_among(each, wanted) for each in built)
    return _described(rules) if strays or (built and not followed) else None


def _rotating(model: Any) -> Iterator[Any]:
    for module in model.modules():
        name = type(module).__name__.lower()
        if ("rope" in name or "rotary" in name) and "vision" not in name:
            yield module


def _frequencies(module: Any) -> Any:
    """Return the turn per token of each pair that a module rotates, or None for a container."""
    stretched = getattr(module, "_freqs", None)
    if stretched is not None:
        return 1.0 / np.array(stretched, np.float64)
    base = getattr(module, "base", getattr(module, "original_base", None))
    dims = getattr(module, "dims", None)
    if base is None or dims is None:
        return None
    return getattr(module, "scale", 1.0) * _powers(float(base), dims)


def _powers(base: float, dims: int) -> Any:
    return base ** -(np.arange(0, dims, 2) / dims)


def _wanted(
    engine: Engine, rule: RopeRule, config: Mapping[str, Any], built: list[Any]
) -> Iterator[Any]:
    """Yield what a rule asks for, for each number of pairs that the layers rotate."""
    for dims in sorted({2 * each.size for each in built}):
        if not _shares(dims, rule, config):
            continue
        rope = engine.ropes.initialize_rope(
            dims,
            rule.theta,
            traditional=False,
            scaling_config=rule.scaling,
            max_position_embeddings=config.get("max_position_embeddings"),
        )
        yield _frequencies(rope)
        alpha = (rule.scaling or {}).get("alpha")
        if alpha:  # Hunyuan's: the base itself is scaled
            yield _powers(rule.theta * alpha ** (dims / (dims - 2)), dims)


def _plain(rules: RopeRules, config: Mapping[str, Any], built: list[Any]) -> Iterator[Any]:
    """Yield what sliding layers may rotate by where the others are scaled: the same base."""
    if "sliding_attention" in (config.get("layer_types") or ()):
        for each in built:
            yield _powers(rules.full.theta, 2 * each.size)


def _shares(dims: int, rule: RopeRule, config: Mapping[str, Any]) -> bool:
    head = config.get("head_dim")
    if rule.share is None or not head:
        return True
    proportional = (rule.scaling or {}).get("rope_type") == "proportional"  # the rest stands still
    return bool(dims == (head if proportional else int(head * rule.share)))


def _among(frequencies: Any, wanted: list[Any]) -> bool:
    return any(
        each.shape == frequencies.shape and np.allclose(each, frequencies, rtol=_TOLERANCE)
        for each in wanted
    )


def _described(rules: RopeRules) -> str:
    parts = []
    for rule in rules.all:
        kind = "" if rule.scaling is None else f", scaled by `{rule.scaling['rope_type']}`"
        share = "" if rule.share is None else f", over {rule.share:g} of each head"
        parts.append(f"base {rule.theta:,g}{kind}{share}")
    return " and ".join(parts)
