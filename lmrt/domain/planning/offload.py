"""Where a candidate's layers go: all on one processor, or as many on an accelerator as fit."""

from attrs import evolve, frozen

from lmrt.domain.planning import kv_cache
from lmrt.domain.planning.gangs import deal
from lmrt.domain.planning.memory import Load, estimate, head_bytes
from lmrt.domain.planning.pools import Pools
from lmrt.domain.plans import MemoryEstimate, OnCpu, OnDevice, Placement, SplitLayers
from lmrt.domain.probes import Feature
from lmrt.domain.rejections import MemoryExceeded


@frozen
class Placed:
    """A placement, what it needs, and which limits that exceeds (none: it fits)."""

    placement: Placement
    memory: MemoryEstimate
    shortages: tuple[MemoryExceeded, ...]

    @property
    def short_pools(self) -> frozenset[str]:
        """The names of the pools that are too small."""
        return frozenset(shortage.pool for shortage in self.shortages)


def place(load: Load, limits: Pools) -> Placed:
    """Return the best placement: whole if it fits, else split with the most layers offloaded.

    Where nothing fits, the placement that comes closest, with what it lacks.
    """
    if load.accelerator is None:
        return _placed(load, limits, OnCpu())
    if limits.cards:
        return _spread(load, limits)
    whole = _placed(load, limits, OnDevice(load.accelerator.device))
    if not _can_split(load) or load.accelerator.device not in whole.short_pools:
        return whole
    total = len(load.sizing.layers)
    layers = max(1, min(_fitting_layers(load, limits), total - 1))
    return _placed(load, limits, SplitLayers(load.accelerator.device, layers, total))


def _placed(load: Load, limits: Pools, placement: Placement) -> Placed:
    memory = estimate(load, placement)
    return Placed(placement, memory, limits.shortages(memory))


def _spread(load: Load, limits: Pools) -> Placed:
    """Return the layers dealt out over a gang, and what each limit lacks."""
    dealt = deal(load, limits.cards)
    found = _placed(load, limits, dealt.placement)
    others = tuple(each for each in found.shortages if each.pool != limits.name)
    if dealt.shortage is None:
        return evolve(found, shortages=others)
    short = limits.shortage_of(dealt.shortage.pool, dealt.shortage.needed)
    return evolve(found, shortages=(*others, short))


def _can_split(load: Load) -> bool:
    layers = len(load.sizing.layers)
    return (
        Feature.PARTIAL_OFFLOAD in load.probe.features
        and not load.unified
        and layers == len(load.shape.layers)
        and layers > 1
    )


def _fitting_layers(load: Load, limits: Pools) -> int:
    """Return how many layers, counted from the last, fit on the accelerator."""
    room = (limits.device or 0) - head_bytes(load) - load.buffers - load.probe.device_overhead
    count = 0
    for weights, shape in zip(
        reversed(load.sizing.layers), reversed(load.shape.layers), strict=True
    ):
        room -= weights + kv_cache.layer_bytes(shape, load.cache)
        if room < 0:
            break
        count += 1
    return count
