"""One live sequence."""

from attrs import define

from lmrt.adapters.mlx.lanes import Lane
from lmrt.domain.sequences import EndReason, SequenceHandle, SequenceRequest


@define(eq=False)
class Live:
    """One live sequence.

    Attributes:
        handle: Its name outside.
        request: What was asked for.
        lane: Where it is computed.
        cells: Tokens of context reserved for it.
        reused: Prompt tokens that were computed before.
        limit: Most tokens that it may draw.
        limit_reason: What ends it at the limit.
        drawn: Tokens drawn so far.
    """

    handle: SequenceHandle
    request: SequenceRequest
    lane: Lane
    cells: int
    reused: int
    limit: int
    limit_reason: EndReason
    drawn: int = 0
