"""What follows from the bytes of an artifact's weights."""

from attrs import frozen

from lmrt.domain.models import (
    ArchitectureShape,
    Artifact,
    AttentionBesideState,
    FullAttention,
    LatentAttention,
    LayerShape,
    RecurrentState,
    SlidingAttention,
)

_GATED_MATRICES = 3
"""Gate, up and down: the matrices of a gated feed-forward block."""


@frozen
class Sizing:
    """Sizes of one artifact that memory and speed depend on.

    Attributes:
        total: Bytes of all weights.
        layers: Bytes of each repeating layer.
        active_layers: Bytes of each layer that one token reads: in a mixture of experts, those of
            the experts it passes through.
        input: Bytes of the token embedding.
        head: Bytes of the output head; of the embedding too where the head is tied to it.
        tied: Whether the output head is the token embedding.
        other: Bytes of everything else.
        feed_forward: Elements inside the feed-forward block that one token passes through.
    """

    total: int
    layers: tuple[int, ...]
    active_layers: tuple[float, ...]
    input: int
    head: int
    tied: bool
    other: int
    feed_forward: float


def size_up(artifact: Artifact, shape: ArchitectureShape) -> Sizing:
    """Return the sizes of an artifact.

    An output part of less than one bit a weight is the final norm alone: then the head is tied.
    """
    weights = artifact.weights
    tied = weights.output * 8 < shape.vocabulary_size * shape.hidden_size
    return Sizing(
        total=weights.total,
        layers=weights.layers,
        active_layers=_active_layers(artifact, shape) if shape.experts else weights.layers,
        input=weights.input,
        head=weights.output + (weights.input if tied else 0),
        tied=tied,
        other=weights.other,
        feed_forward=_feed_forward(artifact, shape),
    )


def _active_layers(artifact: Artifact, shape: ArchitectureShape) -> tuple[float, ...]:
    share = min(1.0, shape.experts_used / shape.experts)
    mixing = _mixing_bytes(artifact, shape)
    return tuple(
        min(size, mixing) + max(0.0, size - mixing) * share for size in artifact.weights.layers
    )


def _feed_forward(artifact: Artifact, shape: ArchitectureShape) -> float:
    """Return the inner elements that a token passes through.

    Headers disagree on what they call the feed-forward size of a mixture of experts (of one
    expert, or of the dense layers), so it is taken from the bytes of the layers.
    """
    if not shape.experts or not shape.hidden_size:
        return shape.feed_forward_size
    largest = max(artifact.weights.layers, default=0) - _mixing_bytes(artifact, shape)
    parameters = largest * 8 / _bits(artifact)
    expert = parameters / (shape.experts * _GATED_MATRICES * shape.hidden_size)
    return max(shape.feed_forward_size, shape.experts_used * expert)


def _mixing_bytes(artifact: Artifact, shape: ArchitectureShape) -> float:
    """Return about how many bytes of a layer are not experts: those that mix tokens."""
    parameters = max((_mixing_parameters(layer, shape) for layer in set(shape.layers)), default=0)
    return parameters * _bits(artifact) / 8


def _bits(artifact: Artifact) -> float:
    return artifact.quantization.bits_per_weight or 16.0


def _mixing_parameters(layer: LayerShape, shape: ArchitectureShape) -> int:
    """Return the weights of a layer's attention, without norms and biases.

    For latent attention and recurrent layers, whose projections the shape does not tell, that of
    attention as wide as the residual stream stands in.
    """
    hidden = shape.hidden_size
    match layer:
        case FullAttention(kv_heads, key, value) | SlidingAttention(kv_heads, key, value, _):
            return hidden * (shape.heads + kv_heads) * (key + value)
        case LatentAttention() | RecurrentState():
            return 4 * hidden * hidden
        case AttentionBesideState(attention, state):
            return _mixing_parameters(attention, shape) + _mixing_parameters(state, shape)
