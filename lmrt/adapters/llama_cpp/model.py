"""A model in the engine's memory, and its batch loop."""

import math
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from lmrt.adapters.llama_cpp import errors, logs
from lmrt.adapters.llama_cpp.batch import Batch
from lmrt.adapters.llama_cpp.live import Live, fill
from lmrt.adapters.llama_cpp.logprobs import row_of, token_logprobs
from lmrt.adapters.llama_cpp.memory import EngineMemory
from lmrt.adapters.llama_cpp.sampler import Sampler
from lmrt.adapters.llama_cpp.scratch import ScratchContext
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

_DONE, _NO_ROOM, _ABORTED = 0, 1, 2


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
        self._batch = batch
        self._releases = releases
        self._scratch = scratch
        self._resources = resources
        self._slots = SlotTable(facts.max_sequences, facts.context_length, memory)
        self._live: dict[SequenceHandle, Live] = {}
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
        self._live[handle] = Live(handle, request, slot, sampler, len(slot.tokens), limit, reason)
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
        filled = fill(self._batch, self._live.values())
        if self._compute():
            for sequence, count in filled:
                self._advance(sequence, count, events)
        else:
            logs.take_errors()  # the engine calls the stop an error
            for sequence, _ in filled:
                self._slots.restore(sequence.slot)
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

    def _compute(self) -> bool:
        """Compute the batch; return False where it was stopped for released sequences."""
        code = self._decode(self._context, self._batch.struct)
        while code == _NO_ROOM and self._slots.evict():
            code = self._decode(self._context, self._batch.struct)
        if code in (_DONE, _ABORTED):
            return bool(code == _DONE)
        self._failure = errors.generation_failed(code, logs.take_errors())
        raise self._failure

    def _advance(self, sequence: Live, count: int, events: list[SequenceEvent]) -> None:
        """Take note of what was computed for a sequence, and draw where its turn has come."""
        handle = sequence.handle
        if sequence.computed(count):
            reused = sequence.reused
            events.append(PrefillDone(handle, reused, len(sequence.request.tokens) - reused))
            if math.isnan(self._row(sequence)[0]):
                self._retire(sequence)
                events.append(SequenceFailed(handle, "the engine computed no logits, only NaN"))
                return
        if sequence.has_logits and handle not in self._releases.pending:
            self._draw(sequence, events)

    def _draw(self, sequence: Live, events: list[SequenceEvent]) -> None:
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

    def _logprobs(self, sequence: Live, token: int) -> TokenLogprobs:
        row = self._row(sequence)
        return token_logprobs(row, token, sequence.request.logprobs or 0)

    def _row(self, sequence: Live) -> Any:
        size = self._facts.vocabulary_size
        return row_of(self._api, self._context, sequence.output, size)

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
        sequence.sampler.free()
