"""One live sequence, and how the live sequences share a step."""

from collections.abc import Iterable, Sequence

from attrs import define

from lmrt.adapters.torch.sampling import Sampler
from lmrt.domain.batching.slots import Slot
from lmrt.domain.sequences import EndReason, SequenceHandle, SequenceRequest


@define(eq=False)
class Live:
    """One live sequence.

    Attributes:
        handle: Its name outside.
        request: What was asked for.
        slot: Its place in the KV cache, with the tokens computed so far.
        sampler: Draws its tokens.
        reused: Prompt tokens that were in the KV cache at its start.
        limit: Most tokens that it may draw.
        limit_reason: What ends it at the limit.
        drawn: Tokens drawn so far.
        token: The last token drawn, not yet computed; None while the prompt is being computed.
    """

    handle: SequenceHandle
    request: SequenceRequest
    slot: Slot
    sampler: Sampler
    reused: int
    limit: int
    limit_reason: EndReason
    drawn: int = 0
    token: int | None = None

    def next_tokens(self, most: int) -> Sequence[int]:
        """Return the tokens to compute next, `most` at most."""
        if self.token is not None:
            return (self.token,)
        start = len(self.slot.tokens)
        return self.request.tokens[start : start + most]

    def computed(self, tokens: Sequence[int]) -> bool:
        """Take note of computed tokens; return whether the prompt became whole by them."""
        self.slot.tokens.extend(tokens)
        return self.token is None and self.has_logits

    @property
    def has_logits(self) -> bool:
        """Whether the tokens computed so far end where a token is to be drawn."""
        return len(self.slot.tokens) >= len(self.request.tokens)


@define(eq=False)
class Share:
    """What a sequence has in a step.

    Attributes:
        sequence: The sequence.
        tokens: Its tokens in the step.
        wanted: Whether the logits of the last of them are wanted.
    """

    sequence: Live
    tokens: Sequence[int]
    wanted: bool


def shares(sequences: Iterable[Live], capacity: int) -> list[Share]:
    """Fill a step: drawn tokens first, then prompts, in the order of admission.

    Args:
        sequences: The live ones.
        capacity: Most tokens in all; every sequence can have one.
    """
    every = list(sequences)
    found = [Share(each, each.next_tokens(1), True) for each in every if each.token is not None]
    room = capacity - len(found)
    for sequence in every:
        if sequence.token is None and room > 0:
            tokens = sequence.next_tokens(room)
            room -= len(tokens)
            whole = len(sequence.slot.tokens) + len(tokens) == len(sequence.request.tokens)
            found.append(Share(sequence, tokens, whole))
    return found
