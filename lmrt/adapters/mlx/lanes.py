"""What one step computes: the sequences of a lane advance together.

`batched` holds any number of sequences, each padded to the longest of them. `solo` holds one.
`assignment` says which sequence goes where.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from attrs import frozen

from lmrt.adapters.mlx.sampler import Sampler
from lmrt.domain.sequences import SequenceHandle


@frozen
class Text:
    """Tokens with the caches that hold them, and nothing else."""

    tokens: list[int]
    caches: list[Any]


@frozen
class Start:
    """A sequence to compute.

    Attributes:
        handle: Its name.
        begun: The start of its prompt, which is computed already; the caches are the lane's now.
        rest: The rest of its prompt, at least one token.
        sampler: Draws its tokens.
        limit: Most tokens that it may draw.
    """

    handle: SequenceHandle
    begun: Text
    rest: Sequence[int]
    sampler: Sampler
    limit: int


@frozen
class Prefilled:
    """The whole prompt is computed."""

    handle: SequenceHandle


@frozen
class Drawn:
    """A token was drawn.

    Attributes:
        handle: Whose.
        token: The token.
        row: The logits that it was drawn from, less a constant, or the raw ones where the sampler
            keeps them; shape (vocabulary,).
    """

    handle: SequenceHandle
    token: int
    row: Any


LaneEvent = Prefilled | Drawn


class Lane(Protocol):
    """Sequences that are computed together. A sequence stays until it is taken out."""

    @property
    def empty(self) -> bool:
        """Whether it holds no sequence."""
        ...

    def step(self) -> list[LaneEvent]:
        """Advance every sequence, by a piece of its prompt or by one token."""
        ...

    def computed(self, handle: SequenceHandle) -> Sequence[int]:
        """Return the tokens of a sequence that the caches hold; not to be changed."""
        ...

    def text(self, handle: SequenceHandle) -> Text | None:
        """Return a copy of what is computed of a sequence, or None where nothing is."""
        ...

    def take(self, handle: SequenceHandle) -> Text | None:
        """Take a sequence out and return what is computed of it, or None where nothing is."""
        ...

    def close(self) -> None:
        """Give back what the lane holds."""
        ...
