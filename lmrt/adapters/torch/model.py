"""A model in the engine's memory, and its batch loop."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack

import torch
from attrs import frozen

from lmrt.adapters.torch import errors
from lmrt.adapters.torch.batch import Layout, Rows
from lmrt.adapters.torch.cache import PoolCache, Stopped
from lmrt.adapters.torch.live import Live, Share, shares
from lmrt.adapters.torch.logprobs import token_logprobs
from lmrt.adapters.torch.memory import PoolMemory
from lmrt.adapters.torch.processor import Processor
from lmrt.adapters.torch.sampling import NO_NUMBER, Row, Sampler, draw
from lmrt.adapters.torch.scratch import Scratch
from lmrt.adapters.torch.step import Step
from lmrt.domain.batching.releases import Releases
from lmrt.domain.batching.requests import cells_of, check_request, check_tokens, limit_of
from lmrt.domain.batching.slots import SlotTable
from lmrt.domain.errors import LmrtError
from lmrt.domain.sequences import (
    AtCapacity,
    EndReason,
    LoadedFacts,
    PrefillDone,
    SequenceEnded,
    SequenceEvent,
    SequenceFailed,
    SequenceHandle,
    SequenceRequest,
    TokenLogprobs,
    TokenSampled,
)

Compute = Callable[[PoolCache, Step], torch.Tensor]
"""Returns the logits of a step's wanted rows, (wanted, vocabulary); may raise `Stopped`."""


@frozen(eq=False)
class Parts:
    """What a loaded model is made of.

    Attributes:
        facts: What the load came to.
        compute: Computes a step.
        memory: The KV cache.
        layout: Makes steps.
        scratch: Computes logits beside the sequences.
        processor: What the CPU computes a step with.
        batch_size: Most tokens that one step takes.
        resources: Closed with the model.
    """

    facts: LoadedFacts
    compute: Compute
    memory: PoolMemory
    layout: Layout
    scratch: Scratch
    processor: Processor
    batch_size: int
    resources: ExitStack


class TorchModel:
    """`LoadedModel` over one model of the engine; see the port for what each method promises."""

    def __init__(self, parts: Parts) -> None:
        facts = parts.facts
        self._facts = facts
        self._parts: Parts | None = parts
        self._releases = Releases(parts.memory.cache.set_stop)
        self._slots = SlotTable(facts.max_sequences, facts.context_length, parts.memory)
        self._capacity = max(parts.batch_size, facts.max_sequences)
        self._live: dict[SequenceHandle, Live] = {}
        self._handles = 0
        self._failure: LmrtError | None = None

    @property
    def facts(self) -> LoadedFacts:
        """What the engine reports about the load."""
        return self._facts

    @torch.inference_mode()
    def admit(self, request: SequenceRequest) -> SequenceHandle | AtCapacity:
        """Take a sequence in."""
        parts = self._usable()
        check_request(request, self._facts)
        cells = cells_of(request, self._facts)
        slot = self._slots.admit(request.tokens, cells)
        if slot is None:
            return AtCapacity()
        parts.memory.table.reserve(slot.id, cells)
        self._handles += 1
        handle = SequenceHandle(self._handles)
        limit, reason = limit_of(request, self._facts)
        sampler = Sampler(request.sampling)
        self._live[handle] = Live(handle, request, slot, sampler, len(slot.tokens), limit, reason)
        self._releases.admitted(handle)
        return handle

    @torch.inference_mode()
    def step(self) -> Sequence[SequenceEvent]:
        """Advance every live sequence."""
        parts = self._usable()
        events: list[SequenceEvent] = []
        if self._releases.pending:
            self._end_released(events)
        if not self._live:
            return events
        found = shares(self._live.values(), self._capacity)
        try:
            with parts.processor.computing(sum(len(share.tokens) for share in found)):
                self._compute(parts, found, events)
        except Exception as error:
            self._failure = errors.generation_failed(error)
            raise self._failure from error
        return events

    def release(self, handle: SequenceHandle) -> None:
        """End a sequence early; from any thread."""
        self._releases.release(handle)

    @torch.inference_mode()
    def logits(self, tokens: Sequence[int]) -> Sequence[float]:
        """Return the logits of the token that follows `tokens`, as a float32 array."""
        parts = self._usable()
        check_tokens(tokens, self._facts)
        try:
            with parts.processor.computing(len(tokens)):
                return parts.scratch.logits(tokens)
        except Exception as error:
            raise errors.generation_failed(error) from error

    def close(self) -> None:
        """Free everything; a second call does nothing."""
        if self._parts is None:
            return
        self._live.clear()
        self._failure = errors.closed()
        parts, self._parts = self._parts, None
        parts.resources.close()

    def _usable(self) -> Parts:
        if self._failure is not None:
            raise self._failure
        assert self._parts is not None  # noqa: S101 - closing sets the failure
        return self._parts

    def _compute(self, parts: Parts, found: list[Share], events: list[SequenceEvent]) -> None:
        """Compute a step and draw from it, unless it is stopped for released sequences."""
        try:
            step = parts.layout.step(self._rows(parts, found))
            logits = parts.compute(parts.memory.cache, step)
        except Stopped:
            for share in found:
                self._slots.restore(share.sequence.slot)
            self._end_released(events)
        else:
            self._advance(found, logits, events)

    def _rows(self, parts: Parts, found: list[Share]) -> list[Rows]:
        table, batch = parts.memory.table, []
        for share in found:
            slot, count = share.sequence.slot, len(share.tokens)
            while not table.take(slot.id, count):
                if not self._slots.evict():
                    raise RuntimeError("no room in the KV cache")
            start = len(slot.tokens)
            batch.append(Rows(share.tokens, start, slot.id, table[slot.id], share.wanted))
        return batch

    def _advance(
        self, found: list[Share], logits: torch.Tensor, events: list[SequenceEvent]
    ) -> None:
        """Take note of what was computed, and draw where a turn has come."""
        for share in found:
            if share.sequence.computed(share.tokens):
                handle, reused = share.sequence.handle, share.sequence.reused
                total = len(share.sequence.request.tokens)
                events.append(PrefillDone(handle, reused, total - reused))
        pending = self._releases.pending
        wanted = [share.sequence for share in found if share.wanted]
        drawing = [place for place, each in enumerate(wanted) if each.handle not in pending]
        if len(drawing) < len(wanted):
            logits = logits[drawing]
            wanted = [wanted[place] for place in drawing]
        if wanted:
            tokens = draw(logits, [Row(each.sampler, each.slot.tokens) for each in wanted])
            for place, (sequence, token) in enumerate(zip(wanted, tokens, strict=True)):
                self._drawn(sequence, token, logits[place], events)

    def _drawn(
        self, sequence: Live, token: int, logits: torch.Tensor, events: list[SequenceEvent]
    ) -> None:
        handle, request = sequence.handle, sequence.request
        if token == NO_NUMBER:
            self._retire(sequence)
            # No later prompt may start from what came to nothing.
            self._usable().memory.cut(sequence.slot.id, 0)
            sequence.slot.tokens.clear()
            events.append(SequenceFailed(handle, "the engine computed no logits, only NaN"))
            return
        logprobs: TokenLogprobs | None = None
        if request.logprobs is not None:
            logprobs = token_logprobs(logits, token, request.logprobs)
        events.append(TokenSampled(handle, token, logprobs))
        sequence.token = token
        sequence.drawn += 1
        if token in request.end_tokens:
            self._end(sequence, EndReason.END_TOKEN, events)
        elif sequence.drawn == sequence.limit:
            self._end(sequence, sequence.limit_reason, events)

    def _end_released(self, events: list[SequenceEvent]) -> None:
        for handle in self._releases.released():
            self._end(self._live[handle], EndReason.RELEASED, events)

    def _end(self, sequence: Live, reason: EndReason, events: list[SequenceEvent]) -> None:
        self._retire(sequence)
        events.append(SequenceEnded(sequence.handle, reason))

    def _retire(self, sequence: Live) -> None:
        del self._live[sequence.handle]
        self._releases.ended(sequence.handle)
        self._slots.retire(sequence.slot)
        self._usable().memory.table.reserve(sequence.slot.id, 0)
