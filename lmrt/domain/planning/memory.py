"""What a placement needs of each pool of memory.

| part | on the CPU | on an accelerator | split |
|---|---|---|---|
| layers, KV cache | main memory | the accelerator | each with its layer |
| token embedding | main memory | both | both if the head is tied, else main memory |
| output head, rest | main memory | the accelerator | the accelerator |
| compute buffers | main memory | the accelerator, inputs in main memory | both |
| overhead | main memory | each its own | each its own |

Where the token embedding goes depends on the engine: one that can split layers keeps it in main
memory and needs it on the accelerator only for a tied head; any other is taken to keep it on both
sides, which is never too little. Unified memory is one pool: every part counts once, and the sum is
held against both limits.
"""

from attrs import frozen

from lmrt.domain.machine import Accelerator
from lmrt.domain.models import ArchitectureShape
from lmrt.domain.planning import compute, kv_cache
from lmrt.domain.planning.query import LayerKinds
from lmrt.domain.planning.settings import CacheSettings
from lmrt.domain.planning.weights import Sizing
from lmrt.domain.plans import MemoryEstimate, OnCpu, OnDevice, Placement, SplitLayers, SpreadLayers
from lmrt.domain.probes import BackendProbe, Feature


@frozen
class Load:
    """One way to load an artifact, its placement aside.

    Attributes:
        shape: The architecture's sizes.
        kinds: Its distinct layers.
        sizing: Sizes of the artifact's weights.
        cache: The settings that memory depends on.
        buffers: Bytes of the compute buffers beside the layers.
        probe: The backend.
        accelerator: Where it runs, or None for the CPU.
    """

    shape: ArchitectureShape
    kinds: LayerKinds
    sizing: Sizing
    cache: CacheSettings
    buffers: int
    probe: BackendProbe
    accelerator: Accelerator | None

    @property
    def unified(self) -> bool:
        """Whether there is one pool of memory."""
        return self.accelerator is not None and self.accelerator.unified


@frozen
class _Part:
    """Bytes in one pool."""

    weights: int
    kv_cache: int
    compute: int
    overhead: int

    @property
    def total(self) -> int:
        return self.weights + self.kv_cache + self.compute + self.overhead


_NOTHING = _Part(0, 0, 0, 0)


def estimate(load: Load, placement: Placement) -> MemoryEstimate:
    """Return the bytes that a placement needs."""
    host, device = _parts(load, placement)
    both = (host.total, device.total)
    if load.unified:
        both = (host.total + device.total, host.total + device.total)
    return MemoryEstimate(
        weights=host.weights + device.weights,
        kv_cache=host.kv_cache + device.kv_cache,
        compute=host.compute + device.compute,
        overhead=host.overhead + device.overhead,
        host=both[0],
        device=both[1],
    )


def _parts(load: Load, placement: Placement) -> tuple[_Part, _Part]:
    probe, sizing = load.probe, load.sizing
    if isinstance(placement, OnCpu):
        cached = kv_cache.total_bytes(load.kinds, load.cache)
        return _Part(sizing.total, cached, load.buffers, probe.overhead), _NOTHING
    weights, cached = _layers_on_cpu(load, placement)
    on_device = head_bytes(load) + sum(sizing.layers) - weights
    host = _Part(
        weights=weights + (0 if load.unified else sizing.input),
        kv_cache=cached,
        compute=_host_compute(load, placement),
        overhead=probe.overhead,
    )
    device = _Part(
        weights=sizing.total if load.unified else on_device,
        kv_cache=kv_cache.total_bytes(load.kinds, load.cache) - cached,
        compute=load.buffers * _cards(placement),
        overhead=probe.device_overhead * _cards(placement),
    )
    return host, device


def head_bytes(load: Load) -> int:
    """Return the bytes of weights that any placement on an accelerator puts there."""
    sizing = load.sizing
    splits = Feature.PARTIAL_OFFLOAD in load.probe.features
    embedding = 0 if splits or sizing.tied else sizing.input
    return sizing.head + embedding + sizing.other


def _cards(placement: Placement) -> int:
    return len(placement.layers) if isinstance(placement, SpreadLayers) else 1


def _layers_on_cpu(load: Load, placement: OnDevice | SplitLayers | SpreadLayers) -> tuple[int, int]:
    """Return the weights and the KV cache of the layers that stay on the CPU."""
    match placement:
        case OnDevice() | SpreadLayers():
            return 0, 0
        case SplitLayers(_, layers, total):
            staying = total - layers
            cached = (
                kv_cache.layer_bytes(layer, load.cache) for layer in load.shape.layers[:staying]
            )
            return sum(load.sizing.layers[:staying]), sum(cached)


def _host_compute(load: Load, placement: OnDevice | SplitLayers | SpreadLayers) -> int:
    match placement:
        case OnDevice() | SpreadLayers():
            return compute.input_bytes(load.shape, load.kinds, load.cache)
        case SplitLayers():
            return load.buffers
