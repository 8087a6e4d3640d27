"""One live sequence, and how the live sequences share a step."""

from collections.abc import Iterable

from attrs import define

from lmrt.adapters.llama_cpp.batch import Batch
from lmrt.adapters.llama_cpp.sampler import Sampler
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
        output: Index of its logits in the step under way.
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
    output: int = -1

    def put_token(self, batch: Batch) -> None:
        """Put the last token drawn into the batch."""
        assert self.token is not None  # noqa: S101 - only sequences past their prompt
        self.output = batch.add(self.token, len(self.slot.tokens), self.slot.id)

    def put_prompt(self, batch: Batch) -> int:
        """Put as much of the prompt into the batch as there is room; return how much."""
        prompt, start = self.request.tokens, len(self.slot.tokens)
        end = min(len(prompt), start + batch.capacity - batch.size)
        if end > start:
            whole = end == len(prompt)
            self.output = batch.add_prompt(prompt[start:end], start, self.slot.id, wanted=whole)
        return end - start

    def computed(self, count: int) -> bool:
        """Take note of `count` computed tokens; return whether the prompt became whole by it."""
        slot = self.slot
        if self.token is not None:
            slot.tokens.append(self.token)
            return False
        start = len(slot.tokens)
        slot.tokens.extend(self.request.tokens[start : start + count])
        return len(slot.tokens) == len(self.request.tokens)

    @property
    def has_logits(self) -> bool:
        """Whether the tokens computed so far end where a token is to be drawn."""
        return self.token is not None or len(self.slot.tokens) == len(self.request.tokens)


def fill(batch: Batch, sequences: Iterable[Live]) -> list[tuple[Live, int]]:
    """Fill the batch: drawn tokens first, then prompts, in the order of admission.

    Returns:
        The sequences in the batch, each with the number of its tokens.
    """
    batch.clear()
    filled: list[tuple[Live, int]] = []
    waiting: list[Live] = []
    for sequence in sequences:
        if sequence.token is None:
            waiting.append(sequence)
        else:
            sequence.put_token(batch)
            filled.append((sequence, 1))
    shares = ((sequence, sequence.put_prompt(batch)) for sequence in waiting)
    filled.extend((sequence, count) for sequence, count in shares if count)
    return filled
