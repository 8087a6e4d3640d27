"""Rotary position embeddings, from the keys that transformers writes to those that mlx-lm reads.

Up to transformers 4 a configuration had `rope_theta`, `rope_scaling` and `partial_rotary_factor`.
transformers 5 writes one table, `rope_parameters`, or one for each type of layer. Most of mlx-lm's
models read the old keys only and fall back to 10,000 without a word: every token is wrong.

What a model does with the keys is its own affair (some ignore them), so the rules found here are
also compared with the layers that were built; see `lmrt.adapters.mlx.rotations`.
"""

from collections.abc import Mapping
from typing import Any

from attrs import frozen

_LONG = ("longrope", "su")


@frozen
class RopeRule:
    """How layers of one type rotate.

    Attributes:
        theta: Base of the frequencies.
        scaling: How they are stretched, in the old form, or None for not at all.
        share: Part of a head that rotates, or None where the configuration does not tell.
    """

    theta: float
    scaling: dict[str, Any] | None = None
    share: float | None = None


@frozen
class RopeRules:
    """The rules of a model.

    Attributes:
        full: Of layers that attend to everything.
        sliding: Of layers that attend to a window, where that differs.
    """

    full: RopeRule
    sliding: RopeRule | None = None

    @property
    def all(self) -> tuple[RopeRule, ...]:
        """Each of them."""
        return (self.full,) if self.sliding is None else (self.full, self.sliding)


def rope_rules(config: Mapping[str, Any]) -> RopeRules | None:
    """Return the rules that transformers 5 wrote, or None for an older configuration."""
    tables = config.get("rope_parameters")
    if not isinstance(tables, Mapping) or not tables:
        return None
    if not all(isinstance(table, Mapping) for table in tables.values()):
        rule = _rule(tables)
        return None if rule is None else RopeRules(rule)
    full, sliding = (_rule(tables.get(f"{kind}_attention", {})) for kind in ("full", "sliding"))
    first = full or sliding
    return None if first is None else RopeRules(first, sliding)


def _rule(table: Mapping[str, Any]) -> RopeRule | None:
    theta = table.get("rope_theta")
    if theta is None:
        return None
    kind = table.get("rope_type") or table.get("type") or "default"
    # Some models look for the one name of the type, some for the other
    scaling = None if kind == "default" else {**table, "type": kind, "rope_type": kind}
    return RopeRule(theta, scaling, table.get("partial_rotary_factor"))


def rope_keys(rules: RopeRules) -> dict[str, Any]:
    """Return the rules under the names that mlx-lm's models have for them."""
    full = rules.full
    keys: dict[str, Any] = dict.fromkeys(("rope_theta", "rotary_emb_base"), full.theta)
    keys["rope_scaling"] = full.scaling
    if full.scaling is not None and "original_max_position_embeddings" in full.scaling:
        original = full.scaling["original_max_position_embeddings"]
        keys["original_max_position_embeddings"] = original
    if full.share is not None:
        keys |= dict.fromkeys(("partial_rotary_factor", "rotary_pct"), full.share)
    if rules.sliding is not None:
        names = ("rope_local_base_freq", "rope_local_theta", "swa_rope_theta")
        keys |= dict.fromkeys(names, rules.sliding.theta)
    return keys


def fitted(table: Any, config: Mapping[str, Any], context: int) -> Any:
    """Return a table of RoPE parameters with the factors that a context of this length needs.

    Models with two sets of factors use the short ones up to the length that they were first
    trained on. mlx-lm uses the long ones always; so it is given the short ones in their place.
    """
    if not isinstance(table, Mapping):
        return table
    kind = table.get("rope_type") or table.get("type")
    original = table.get("original_max_position_embeddings") or config.get(
        "original_max_position_embeddings"
    )
    if kind not in _LONG or not isinstance(original, int) or context > original:
        return table
    short = {
        f"long_{name}": table[f"short_{name}"]
        for name in ("factor", "mscale")
        if f"short_{name}" in table
    }
    return {**table, **short}
