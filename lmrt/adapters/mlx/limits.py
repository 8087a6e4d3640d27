"""The engine's own limits of memory on an Apple GPU, from a plan."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from attrs import frozen

from lmrt.domain.plans import MemoryEstimate

_WORKING_SET = "max_recommended_working_set_size"


@frozen
class Limits:
    """Bytes.

    Attributes:
        memory: What arrays may take before the engine waits for some to be freed.
        wired: What is kept from being paged out.
        cache: What of freed arrays is kept for new ones.
    """

    memory: int
    wired: int
    cache: int


def limits_of(estimate: MemoryEstimate, device: Mapping[str, Any], active: int) -> Limits:
    """Return the limits for a plan's estimate.

    Args:
        estimate: What the plan counts.
        device: What the engine tells of the device.
        active: Bytes that other models hold already.
    """
    memory = active + estimate.total - estimate.overhead
    kept = active + estimate.weights + estimate.kv_cache
    recommended = int(device.get(_WORKING_SET, kept))
    # Freed buffers are reused from one step to the next: as much as one step computes with
    return Limits(memory=memory, wired=min(kept, recommended), cache=estimate.compute)


def set_limits(core: Any, limits: Limits, resources: ExitStack) -> None:
    """Set the limits, and put the former ones back with the resources."""
    for change, value in (
        (core.set_memory_limit, limits.memory),
        (core.set_wired_limit, limits.wired),
        (core.set_cache_limit, limits.cache),
    ):
        resources.callback(change, change(value))
