"""A model in the engine's memory, and its step loop."""

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

from lmrt.adapters.mlx import errors
from lmrt.adapters.mlx.lanes import Drawn, LaneEvent, Prefilled
from lmrt.adapters.mlx.live import Live
from lmrt.adapters.mlx.logprobs import token_logprobs
from lmrt.adapters.mlx.roster import Roster
from lmrt.adapters.mlx.scratch import Scratch
from lmrt.domain.batching.releases import Releases
from lmrt.domain.batching.requests import check_request, check_tokens
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
    TokenSampled,
)

Part = TypeVar("Part")


class MlxModel:
    """`LoadedModel` over one of the engine's models; see the port for what each method promises.

    Args:
        core: `mlx.core`.
        device: The engine's device that everything is computed on.
        facts: What the engine reports.
        roster: The live sequences.
        scratch: Computes single rows of logits.
        resources: What is given back at the end.
    """

    def __init__(
        self,
        core: Any,
        device: Any,
        *,
        facts: LoadedFacts,
        roster: Roster,
        scratch: Scratch,
        resources: ExitStack,
    ) -> None:
        self._core = core
        self._device = device
        self._facts = facts
        self._roster: Roster | None = roster
        self._scratch: Scratch | None = scratch
        self._resources = resources
        self._releases = Releases()
        self._failure: LmrtError | None = None

    @property
    def facts(self) -> LoadedFacts:
        """What the engine reports about the load."""
        return self._facts

    def admit(self, request: SequenceRequest) -> SequenceHandle | AtCapacity:
        """Take a sequence in."""
        roster = self._usable(self._roster)
        check_request(request, self._facts)
        with self._computing():
            live = roster.admit(request)
        if isinstance(live, AtCapacity):
            return live
        self._releases.admitted(live.handle)
        return live.handle

    def step(self) -> Sequence[SequenceEvent]:
        """Advance every live sequence."""
        roster = self._usable(self._roster)
        events: list[SequenceEvent] = []
        with self._computing():
            for handle in self._releases.released():
                self._end(roster, roster.live[handle], EndReason.RELEASED, events)
            if not roster.live:
                return events
            for event in roster.step():
                live = roster.live.get(event.handle)
                if live is not None:
                    self._tell(roster, live, event, events)
        return events

    def release(self, handle: SequenceHandle) -> None:
        """End a sequence early; from any thread."""
        self._releases.release(handle)

    def logits(self, tokens: Sequence[int]) -> Sequence[float]:
        """Return the logits of the token that follows `tokens`, as a float32 array."""
        scratch = self._usable(self._scratch)
        check_tokens(tokens, self._facts)
        with self._computing():
            return scratch.logits(tokens)

    def close(self) -> None:
        """Free everything; a second call does nothing."""
        if self._roster is None:
            return
        for handle in self._roster.live:
            self._releases.ended(handle)
        self._roster.close()
        self._roster = self._scratch = None
        self._failure = errors.closed()
        self._resources.close()

    def _usable(self, part: Part | None) -> Part:
        if self._failure is not None or part is None:
            raise self._failure or errors.closed()
        return part

    @contextmanager
    def _computing(self) -> Iterator[None]:
        """Compute on the model's device; what the engine raises ends the model."""
        try:
            with self._core.stream(self._device):
                yield
        except LmrtError:
            raise
        except Exception as error:
            self._failure = errors.generation_failed(error)
            raise self._failure from error

    def _tell(
        self, roster: Roster, live: Live, event: LaneEvent, events: list[SequenceEvent]
    ) -> None:
        match event:
            case Prefilled(handle):
                processed = len(live.request.tokens) - live.reused
                events.append(PrefillDone(handle, live.reused, processed))
            case Drawn(handle) if handle in self._releases.pending:
                pass  # it ends with the next step
            case Drawn(handle, _, row) if not live.drawn and _is_nan(row):
                self._retire(roster, live, keep=False)
                message = "the engine computed no logits, only NaN"
                events.append(SequenceFailed(handle, message))
            case Drawn():
                self._draw(roster, live, event, events)

    def _draw(self, roster: Roster, live: Live, drawn: Drawn, events: list[SequenceEvent]) -> None:
        request = live.request
        logprobs = None
        if request.logprobs is not None:
            logprobs = token_logprobs(self._core, drawn.row, drawn.token, request.logprobs)
        events.append(TokenSampled(live.handle, drawn.token, logprobs))
        live.drawn += 1
        if drawn.token in request.end_tokens:
            self._end(roster, live, EndReason.END_TOKEN, events)
        elif live.drawn == live.limit:
            self._end(roster, live, live.limit_reason, events)

    def _end(
        self, roster: Roster, live: Live, reason: EndReason, events: list[SequenceEvent]
    ) -> None:
        self._retire(roster, live)
        events.append(SequenceEnded(live.handle, reason))

    def _retire(self, roster: Roster, live: Live, *, keep: bool = True) -> None:
        self._releases.ended(live.handle)
        roster.retire(live, keep=keep)


def _is_nan(row: Any) -> bool:
    """Return whether a row of logits is NaN, without computing anything.

    The row is there already; an operation on it, such as `row[0]`, would wait in line behind the
    next token, which the engine computes meanwhile.
    """
    return math.isnan(memoryview(row)[0])
