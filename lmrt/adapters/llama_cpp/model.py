"""A model in the engine's memory, and its batch loop."""

import math
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from attrs import define

from lmrt.adapters.llama_cpp import errors, logs
from lmrt.adapters.llama_cpp.batch import Batch
from lmrt.adapters.llama_cpp.logprobs import row_of, token_logprobs
from lmrt.adapters.llama_cpp.memory import EngineMemory
from lmrt.adapters.llama_cpp.releases import Releases
from lmrt.adapters.llama_cpp.requests import cells_of, check_request, check_tokens, limit_of
from lmrt.adapters.llama_cpp.sampler import Sampler
from lmrt.adapters.llama_cpp.scratch import ScratchContext
from lmrt.adapters.llama_cpp.slots import Slot, SlotTable
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

_DONE, _NO_ROOM, _ABORTED = 0, 1, 2


@define(eq=False)
class _Live:
    """One live sequence.

    Attributes:
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


class LlamaCppModel:
    """`LoadedModel` over one engine context; see the port for what each method promises."""

    def __init__(
        self,
        api: Any,
        context: int,
        *,
        facts: LoadedFacts,
        memory: EngineMemory,
        batch: Batch,
        releases: Releases,
        scratch: ScratchContext,
        resources: ExitStack,
    ) -> None:
        self._api = api
        self._context = context
        self._facts = facts
        self._memory = memory
        self._batch = batch
        self._releases = releases
        self._scratch = scratch
        self._resources = resources
        self._slots = SlotTable(facts.max_sequences, facts.context_length, memory)
        self._live: dict[SequenceHandle, _Live] = {}
        self._handles = 0
        self._failure: LmrtError | None = None
        self._decode = api.llama_decode
        self._sample = api.llama_sampler_sample

    @property
    def facts(self) -> LoadedFacts:
        """What the engine reports about the load."""
        return self._facts

    def admit(self, request: SequenceRequest) -> SequenceHandle | AtCapacity:
        """Take a sequence in."""
        self._check_usable()
        check_request(request, self._facts)
        slot = self._slots.admit(request.tokens, cells_of(request, self._facts))
        if slot is None:
            return AtCapacity()
        self._handles += 1
        handle = SequenceHandle(self._handles)
        limit, reason = limit_of(request, self._facts)
        sampler = Sampler(
            self._api,
            request.sampling,
            request.tokens,
            vocabulary_size=self._facts.vocabulary_size,
            context_length=self._facts.context_length,
        )
        self._live[handle] = _Live(handle, request, slot, sampler, len(slot.tokens), limit, reason)
        self._releases.admitted(handle)
        return handle

    def step(self) -> Sequence[SequenceEvent]:
        """Advance every live sequence."""
        self._check_usable()
        events: list[SequenceEvent] = []
        if self._releases.pending:
            self._end_released(events)
        if not self._live:
            return events
        filled = self._fill()
        if self._compute():
            for sequence, count in filled:
                self._advance(sequence, count, events)
        else:
            for sequence, _ in filled:
                self._memory.cut(sequence.slot.id, len(sequence.slot.tokens))
            self._end_released(events)
        return events

    def release(self, handle: SequenceHandle) -> None:
        """End a sequence early; from any thread."""
        self._releases.release(handle)

    def logits(self, tokens: Sequence[int]) -> Sequence[float]:
        """Return the logits of the token that follows `tokens`, as a float32 array."""
        self._check_usable()
        check_tokens(tokens, self._facts)
        return self._scratch.logits(tokens)

    def close(self) -> None:
        """Free everything; a second call does nothing."""
        for sequence in list(self._live.values()):
            self._retire(sequence)
        self._failure = errors.closed()
        self._resources.close()

    def _check_usable(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _fill(self) -> list[tuple[_Live, int]]:
        """Fill the batch: drawn tokens first, then prompts, in the order of admission."""
        batch = self._batch
        batch.clear()
        filled: list[tuple[_Live, int]] = []
        waiting: list[_Live] = []
        for sequence in self._live.values():
            if sequence.token is None:
                waiting.append(sequence)
                continue
            slot = sequence.slot
            sequence.output = batch.add(sequence.token, len(slot.tokens), slot.id)
            filled.append((sequence, 1))
        for sequence in waiting:
            if count := self._fill_prompt(sequence):
                filled.append((sequence, count))
        return filled

    def _fill_prompt(self, sequence: _Live) -> int:
        prompt, start = sequence.request.tokens, len(sequence.slot.tokens)
        end = min(len(prompt), start + self._batch.capacity - self._batch.size)
        if end > start:
            sequence.output = self._batch.add_prompt(
                prompt[start:end], start, sequence.slot.id, wanted=end == len(prompt)
            )
        return end - start

    def _compute(self) -> bool:
        """Compute the batch; return False where it was stopped for released sequences."""
        slots, batch = self._slots, self._batch
        if slots.free < batch.size:
            slots.make_room(batch.size)
        code = self._decode(self._context, batch.struct)
        while code == _NO_ROOM and slots.evict():
            code = self._decode(self._context, batch.struct)
        if code in (_DONE, _ABORTED):
            return bool(code == _DONE)
        self._failure = errors.generation_failed(code, logs.take_errors())
        raise self._failure

    def _advance(self, sequence: _Live, count: int, events: list[SequenceEvent]) -> None:
        """Take note of what was computed for a sequence, and draw where its turn has come."""
        slot, handle = sequence.slot, sequence.handle
        self._slots.free -= count
        if sequence.token is not None:
            slot.tokens.append(sequence.token)
        else:
            prompt, start = sequence.request.tokens, len(slot.tokens)
            slot.tokens.extend(prompt[start : start + count])
            if start + count < len(prompt):
                return
            events.append(PrefillDone(handle, sequence.reused, len(prompt) - sequence.reused))
            if self._computed_nothing(sequence):
                self._retire(sequence)
                events.append(SequenceFailed(handle, "the engine computed no logits, only NaN"))
                return
        if handle not in self._releases.pending:
            self._draw(sequence, events)

    def _draw(self, sequence: _Live, events: list[SequenceEvent]) -> None:
        handle, request = sequence.handle, sequence.request
        token = int(self._sample(sequence.sampler.pointer, self._context, sequence.output))
        logprobs = None if request.logprobs is None else self._logprobs(sequence, token)
        events.append(TokenSampled(handle, token, logprobs))
        sequence.token = token
        sequence.drawn += 1
        if token in request.end_tokens:
            self._end(sequence, EndReason.END_TOKEN, events)
        elif sequence.drawn == sequence.limit:
            self._end(sequence, sequence.limit_reason, events)

    def _logprobs(self, sequence: _Live, token: int) -> TokenLogprobs:
        row = self._row(sequence)
        return token_logprobs(row, token, sequence.request.logprobs or 0)

    def _computed_nothing(self, sequence: _Live) -> bool:
        """Return whether the model overflowed; looked at once, when the prompt is done."""
        return math.isnan(self._row(sequence)[0])

    def _row(self, sequence: _Live) -> Any:
        size = self._facts.vocabulary_size
        return row_of(self._api, self._context, sequence.output, size)

    def _end_released(self, events: list[SequenceEvent]) -> None:
        for handle in sorted(self._releases.pending):
            self._end(self._live[handle], EndReason.RELEASED, events)

    def _end(self, sequence: _Live, reason: EndReason, events: list[SequenceEvent]) -> None:
        self._retire(sequence)
        events.append(SequenceEnded(sequence.handle, reason))

    def _retire(self, sequence: _Live) -> None:
        del self._live[sequence.handle]
        self._releases.ended(sequence.handle)
        self._slots.retire(sequence.slot)
        sequence.sampler.free()
