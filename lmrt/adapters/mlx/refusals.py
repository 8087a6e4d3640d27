"""What mlx-lm would compute wrongly without saying so."""

from collections.abc import Mapping
from typing import Any

from lmrt.adapters.mlx.engine import Engine
from lmrt.adapters.mlx.rotations import unfollowed
from lmrt.adapters.mlx.windows import windows


class Refused(Exception):  # noqa: N818 - told as the reason, not as an error of ours
    """The engine would load the model, but compute something else.

    Attributes:
        hint: What to do about it, or None.
    """

    def __init__(self, reason: str, hint: str | None = None) -> None:
        super().__init__(reason)
        self.hint = hint


def check_rotations(engine: Engine, model: Any, config: Mapping[str, Any]) -> None:
    """Refuse a model with layers that do not rotate by its configuration.

    Raises:
        Refused: They do not.
    """
    rules = unfollowed(engine, model, config)
    if rules is not None:
        raise Refused(
            f"mlx-lm does not keep to the model's rotary position embedding ({rules}), "
            "and would write other tokens",
            hint="take another `--backend`",
        )


def missing_window(
    engine: Engine, model: Any, config: Mapping[str, Any], context: int
) -> int | None:
    """Return the window that the caches must keep since the model's own code does not, or None.

    Raises:
        Refused: The code does not, and the caches alone cannot: not every layer slides.
    """
    described = windows(config)
    if described is None or context <= described.size:
        return None
    made = engine.caches.make_prompt_cache(model)
    kept = {
        number
        for number, cache in enumerate(made)
        if isinstance(cache, engine.caches.RotatingKVCache)
    }
    if kept == {number for number in described.layers if number < len(made)}:
        return None
    plain = all(type(cache) is engine.caches.KVCache for cache in made)
    if plain and len(described.layers) == described.total == len(made):
        return described.size
    raise Refused(
        f"mlx-lm does not keep to the model's sliding window of {described.size:,} tokens, "
        "and would write other tokens beyond it",
        hint=f"take `--context {described.size}`, or another `--backend`",
    )
