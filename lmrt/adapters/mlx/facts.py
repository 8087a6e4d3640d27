"""What is reported of a load: read from what was built, not from what was asked."""

from typing import Any

from lmrt.adapters.mlx.building import dtype_of
from lmrt.adapters.mlx.caches import kv_types_of, reuse_of
from lmrt.adapters.mlx.engine import Engine
from lmrt.domain.config import KvType
from lmrt.domain.plans import OnCpu, RuntimePlan
from lmrt.domain.sequences import LoadedFacts


def loaded_facts(
    engine: Engine,
    plan: RuntimePlan,
    model: Any,
    caches: list[Any],
    *,
    weight_bytes: int,
    vocabulary: int,
) -> LoadedFacts:
    """Return the facts.

    Args:
        engine: The engine.
        plan: What was asked for.
        model: What was loaded.
        caches: Caches of the model that hold a token.
        weight_bytes: Bytes of the weights.
        vocabulary: Number of the logits.
    """
    settings, found = plan.settings, kv_types_of(caches)
    whole = 0 if isinstance(plan.chosen.placement, OnCpu) else len(plan.artifact.weights.layers)
    return LoadedFacts(
        context_length=settings.context_length,
        kv_type=_kv_type(found, settings.kv_type),
        flash_attention=None,
        layers_on_device=max(whole, len(model.layers)) if whole else 0,
        weight_bytes=weight_bytes,
        max_sequences=settings.max_sequences,
        prefix_reuse=reuse_of(engine, caches),
        vocabulary_size=vocabulary,
        engine=engine.version,
        warnings=_warnings(found, settings.kv_type),
        dtype=None if settings.dtype is None else dtype_of(engine, model),
    )


def _kv_type(found: frozenset[KvType], planned: KvType) -> KvType:
    """Return the planned type, unless caches are of another."""
    others = sorted(found - {planned})
    if not others or (planned.block > 1 and planned in found):
        return planned
    return others[0]


def _warnings(found: frozenset[KvType], planned: KvType) -> tuple[str, ...]:
    if planned.block == 1 or planned not in found or len(found) == 1:
        return ()
    return (f"sliding windows are not rounded to {planned}: mlx-lm cannot",)
