"""What a load came to, read from the tensors."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch

from lmrt.adapters.torch import engine
from lmrt.adapters.torch.cache import PoolCache
from lmrt.adapters.torch.dtypes import DTYPES, KV_TYPES
from lmrt.adapters.torch.rounding import ROUNDINGS
from lmrt.domain.config import Dtype, KvType
from lmrt.domain.plans import RuntimePlan
from lmrt.domain.sequences import LoadedFacts, PrefixReuse


def loaded_facts(
    model: Any, cache: PoolCache, vocabulary: int, plan: RuntimePlan, warnings: Sequence[str]
) -> LoadedFacts:
    """Return the facts of a loaded model.

    Args:
        model: The engine's.
        cache: Its cache, made by a first step.
        vocabulary: Logits of a row.
        plan: What was planned.
        warnings: What the engine warned of.
    """
    weights = _weights(model)
    sizes: Counter[torch.dtype] = Counter()
    for tensor in weights:
        sizes[tensor.dtype] += tensor.nbytes
    on_cpu = any(tensor.device.type == "cpu" for tensor in weights)
    return LoadedFacts(
        context_length=cache.positions.shape[0],
        kv_type=_kv_type(cache, plan.settings.kv_type),
        flash_attention=None,
        layers_on_device=0 if on_cpu else int(model.config.get_text_config().num_hidden_layers),
        weight_bytes=sizes.total(),
        max_sequences=cache.owned.shape[0],
        prefix_reuse=PrefixReuse.ANY,
        vocabulary_size=vocabulary,
        engine=engine.version(),
        warnings=tuple(dict.fromkeys(warnings)),
        dtype=None if plan.settings.dtype is None else _dtype(model, sizes),
    )


def _weights(model: Any) -> list[torch.Tensor]:
    """Return the tensors of the model, those that several modules share once."""
    found = {}
    for tensor in (*model.parameters(), *model.buffers()):
        found[tensor.data_ptr()] = tensor
    return list(found.values())


def _kv_type(cache: PoolCache, planned: KvType) -> KvType:
    """Return the type of the KV cache: the planned one, unless a layer has another."""
    found = {KV_TYPES[pool.dtype] for pool in (*cache.keys, *cache.values)}
    return min(found - {planned}, default=planned)


def _dtype(model: Any, sizes: Counter[torch.dtype]) -> Dtype:
    for dtype, rounding in ROUNDINGS.items():
        if any(getattr(module, "rounding", None) is rounding for module in model.modules()):
            return dtype
    return DTYPES[max(DTYPES.keys() & sizes.keys(), key=lambda dtype: sizes[dtype])]
