"""What a token makes each processor do: bytes to read, and operations."""

from attrs import frozen

from lmrt.domain.models import (
    ArchitectureShape,
    AttentionBesideState,
    FullAttention,
    LatentAttention,
    LayerShape,
    RecurrentState,
    SlidingAttention,
)
from lmrt.domain.planning.kv_cache import cell_bytes
from lmrt.domain.planning.memory import Load
from lmrt.domain.planning.query import LayerKinds
from lmrt.domain.plans import OnCpu, OnDevice, Placement, SplitLayers, SpreadLayers

_MULTIPLY_AND_ADD = 2


@frozen
class Work:
    """One processor's part of a token.

    Attributes:
        layers: Layers on it.
        read: Bytes of weights and of recurrent state.
        alone: Operations with the weights.
        together: The same for a token of a prompt, of which only the last needs the output head.
        cell: Bytes of one earlier token that are read again.
        looking: Operations for that.
    """

    layers: int
    read: float
    alone: float
    together: float
    cell: float
    looking: float


@frozen
class BytesRead:
    """Bytes of weights that one token reads, by processor."""

    host: float
    device: float


def bytes_read(load: Load, placement: Placement) -> BytesRead:
    """Return what one token reads; of the token embedding that is one row, not counted."""
    sizing = load.sizing
    layers = sum(sizing.active_layers)
    rest = sizing.head + sizing.other
    match placement:
        case OnCpu():
            return BytesRead(layers + rest, 0.0)
        case OnDevice() | SpreadLayers():
            return BytesRead(0.0, layers + rest)
        case SplitLayers(_, count, total):
            host = sum(sizing.active_layers[: total - count])
            return BytesRead(host, layers - host + rest)


def shared_work(load: Load, placement: Placement, bits: float) -> tuple[Work, Work]:
    """Return the work of the CPU and of the accelerator; the output head is with the last layer.

    Args:
        load: What is loaded.
        placement: Where its layers are.
        bits: Bits that one of its weights takes.
    """
    total = len(load.sizing.layers)
    match placement:
        case OnCpu():
            staying = total
        case OnDevice() | SpreadLayers():
            staying = 0
        case SplitLayers(_, layers, _):
            staying = total - layers
    read = bytes_read(load, placement)
    head = load.sizing.head + load.sizing.other
    on_host = isinstance(placement, OnCpu)
    return (
        _work(load, slice(0, staying), read.host, head if on_host else 0, bits),
        _work(load, slice(staying, total), read.device, 0 if on_host else head, bits),
    )


def _work(load: Load, part: slice, size: float, head: float, bits: float) -> Work:
    distinct = _kinds(load, part)
    weight = _MULTIPLY_AND_ADD * 8 / bits
    return Work(
        layers=len(load.sizing.layers[part]),
        read=size + sum(count * _state(shape) for shape, count in distinct),
        alone=size * weight,
        together=(size - head) * weight,
        cell=sum(count * cell_bytes(shape, load.cache) for shape, count in distinct),
        looking=sum(count * _looking(shape, load.shape) for shape, count in distinct),
    )


def _kinds(load: Load, part: slice) -> LayerKinds:
    shapes = load.shape.layers[part]
    if len(shapes) == len(load.shape.layers):
        return load.kinds
    return tuple((shape, shapes.count(shape)) for shape in set(shapes))


def _state(layer: LayerShape) -> int:
    """Return the bytes of recurrent state that a token reads and writes anew."""
    match layer:
        case RecurrentState(elements):
            return 2 * 4 * elements
        case AttentionBesideState(_, state):
            return _state(state)
        case FullAttention() | SlidingAttention() | LatentAttention():
            return 0


def _looking(layer: LayerShape, shape: ArchitectureShape) -> int:
    match layer:
        case FullAttention(_, key, value) | SlidingAttention(_, key, value, _):
            return _MULTIPLY_AND_ADD * shape.heads * (key + value)
        case LatentAttention(rank, rope):
            return _MULTIPLY_AND_ADD * shape.heads * (2 * rank + rope)
        case AttentionBesideState(attention, _):
            return _looking(attention, shape)
        case RecurrentState():
            return 0
