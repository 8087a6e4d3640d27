"""The architecture, in numbers."""

from attrs import frozen


@frozen
class Shape:
    """The architecture.

    Attributes:
        vocabulary: Tokens.
        hidden: Width.
        layers: Depth.
        heads: Attention heads.
        kv_heads: Key and value heads.
        inner: Width inside the feed-forward part.
        context: Longest sequence.
        rope_theta: Base of the rotary positions.
        epsilon: Of RMSNorm.
    """

    vocabulary: int
    hidden: int = 160
    layers: int = 4
    heads: int = 5
    kv_heads: int = 5
    inner: int = 400
    context: int = 2048
    rope_theta: float = 10000.0
    epsilon: float = 1e-5

    @property
    def head(self) -> int:
        """Return the width of one head."""
        return self.hidden // self.heads
