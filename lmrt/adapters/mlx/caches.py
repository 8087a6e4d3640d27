"""The engine's caches of keys, values and states: made, copied, cut back and looked into.

A model has one cache a layer. Texts are resumed from a copy; the engine copies arrays only when
one side changes.
"""

import copy
from collections.abc import Iterable, Iterator
from typing import Any

from attrs import frozen

from lmrt.adapters.mlx.engine import Engine
from lmrt.domain.config import KvType
from lmrt.domain.sequences import PrefixReuse

_BITS = {KvType.Q8_0: 8, KvType.Q4_0: 4}
_GROUPS = (64, 32)
_SPARE = 1.25


@frozen
class Rounding:
    """How keys and values are rounded: so many bits each, so many with one scale."""

    bits: int
    group: int


@frozen(eq=False)
class CacheMaker:
    """Makes the caches of one sequence.

    Attributes:
        engine: The engine.
        model: The model.
        window: Tokens that every layer looks back at, where the model's own code does not know.
        rounding: How keys and values are rounded, or None for not at all.
    """

    engine: Engine
    model: Any
    window: int | None = None
    rounding: Rounding | None = None

    def __call__(self) -> list[Any]:
        """Return empty caches, one a layer."""
        made = self.engine.caches.make_prompt_cache(self.model)
        if self.window is not None:
            return [self.engine.caches.RotatingKVCache(max_size=self.window) for _ in made]
        if self.rounding is None:
            return list(made)
        bits, group = self.rounding.bits, self.rounding.group
        return [
            each.to_quantized(group_size=group, bits=bits) if self._is_plain(each) else each
            for each in made
        ]

    def _is_plain(self, cache: Any) -> bool:
        return type(cache) is self.engine.caches.KVCache


def rounding_of(kv_type: KvType, caches: Iterable[Any]) -> Rounding | None:
    """Return how a KV type rounds these caches, which hold one token; None for not at all.

    Raises:
        ValueError: Their heads do not divide into groups.
    """
    if kv_type not in _BITS:
        return None
    sizes = {each.shape[-1] for cache in _flat(caches) for each in _keys_and_values(cache)}
    for group in _GROUPS:
        if all(size % group == 0 for size in sizes):
            return Rounding(_BITS[kv_type], group)
    found = ", ".join(str(size) for size in sorted(sizes))
    raise ValueError(f"heads of {found} elements do not divide into groups of {_GROUPS[-1]}")


def kv_types_of(caches: Iterable[Any]) -> frozenset[KvType]:
    """Return the types of the keys and values in caches that hold something."""
    found = set()
    for cache in _flat(caches):
        if hasattr(cache, "bits"):
            found.add({bits: kv_type for kv_type, bits in _BITS.items()}[cache.bits])
            continue
        for each in _keys_and_values(cache):
            found.add(_PLAIN[str(each.dtype).rpartition(".")[2]])
    return frozenset(found)


_PLAIN = {"float32": KvType.F32, "float16": KvType.F16, "bfloat16": KvType.BF16}


def reuse_of(engine: Engine, caches: Iterable[Any]) -> PrefixReuse:
    """Return which earlier text can always be started from with these kinds of cache."""
    kinds = engine.caches
    endless = (kinds.KVCache, kinds.QuantizedKVCache, kinds.ConcatenateKVCache)
    known = (*endless, kinds.RotatingKVCache, kinds.ArraysCache, kinds.ChunkedKVCache)
    flat = tuple(_flat(caches))
    if all(isinstance(cache, endless) for cache in flat):
        return PrefixReuse.ANY
    # What is in a cache of a model's own kind, and whether it can be gone on from, is not known
    return PrefixReuse.CHECKPOINT if all(type(each) in known for each in flat) else PrefixReuse.NONE


def can_cut(engine: Engine, caches: Iterable[Any]) -> bool:
    """Return whether tokens can be taken off the end without a trace."""
    kinds = engine.caches
    endless = (kinds.KVCache, kinds.QuantizedKVCache, kinds.ConcatenateKVCache)
    return all(
        isinstance(cache, endless)
        or (isinstance(cache, kinds.RotatingKVCache) and cache.is_trimmable())
        for cache in _flat(caches)
    )


def copied(caches: list[Any], cut: int) -> list[Any]:
    """Return a copy with the last `cut` tokens taken off."""
    copies = copy.deepcopy(caches)
    if cut:
        for cache in copies:
            cache.trim(cut)
    return copies


def compact(engine: Engine, caches: Iterable[Any]) -> None:
    """Give back what caches hold in reserve, where that is more than a little.

    They grow by 256 tokens, which many short texts together would have many times over.
    """
    kinds, changed = engine.caches, []
    for cache in _flat(caches):
        if not isinstance(cache, kinds.KVCache | kinds.QuantizedKVCache) or cache.empty():
            continue
        length = cache.offset
        held = (cache.keys, cache.values)
        (_, first), *_ = engine.trees.tree_flatten(held)
        if first.shape[-2] > _SPARE * length:
            cache.keys, cache.values = engine.trees.tree_map(
                lambda array, length=length: engine.core.contiguous(array[..., :length, :]), held
            )
            changed.append(cache)
    engine.core.eval(states(changed))


def states(caches: Iterable[Any]) -> list[Any]:
    """Return what is to be evaluated after a piece of a prompt."""
    return [cache.state for cache in caches]


def _flat(caches: Iterable[Any]) -> Iterator[Any]:
    for cache in caches:
        nested = getattr(cache, "caches", None)
        if nested is None:
            yield cache
        else:
            yield from _flat(nested)


def _keys_and_values(cache: Any) -> tuple[Any, ...]:
    found = (getattr(cache, "keys", None), getattr(cache, "values", None))
    return tuple(each for each in found if hasattr(each, "dtype"))
