"""Driving a loaded model by hand: admit, step until the end, collect."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from attrs import define, field

from lmrt.domain.sampling import GREEDY, SamplingSettings
from lmrt.domain.sequences import (
    AtCapacity,
    EndReason,
    PrefillDone,
    SequenceEnded,
    SequenceEvent,
    SequenceFailed,
    SequenceHandle,
    SequenceRequest,
    TokenLogprobs,
    TokenSampled,
)
from lmrt.ports.backend import LoadedModel

STEPS = 10_000
"""More than any test needs: a sequence that does not end is a failure, not a hang."""


@define
class Heard:
    """What one sequence was told, in order."""

    events: list[SequenceEvent] = field(factory=list)

    @property
    def tokens(self) -> list[int]:
        """The tokens drawn."""
        return [event.token for event in self.events if isinstance(event, TokenSampled)]

    @property
    def logprobs(self) -> list[TokenLogprobs | None]:
        """The log-probabilities of each token drawn."""
        return [event.logprobs for event in self.events if isinstance(event, TokenSampled)]

    @property
    def prefill(self) -> PrefillDone:
        """The end of its prefill."""
        (done,) = (event for event in self.events if isinstance(event, PrefillDone))
        return done

    @property
    def reason(self) -> EndReason | None:
        """Why it ended, or None while it is live or where it failed."""
        last = self.events[-1] if self.events else None
        return last.reason if isinstance(last, SequenceEnded) else None

    @property
    def over(self) -> bool:
        """Whether it ended or failed."""
        return bool(self.events) and isinstance(self.events[-1], SequenceEnded | SequenceFailed)


def request(
    tokens: Iterable[int],
    *,
    sampling: SamplingSettings = GREEDY,
    max_tokens: int | None = 16,
    end_tokens: Iterable[int] = (),
    logprobs: int | None = None,
) -> SequenceRequest:
    """Return a request, greedy and short where nothing else is asked."""
    return SequenceRequest(
        tokens=tuple(tokens),
        sampling=sampling,
        max_tokens=max_tokens,
        end_tokens=frozenset(end_tokens),
        logprobs=logprobs,
    )


def admit(model: LoadedModel, asked: SequenceRequest) -> SequenceHandle:
    """Admit a request that must be taken."""
    handle = model.admit(asked)
    assert not isinstance(handle, AtCapacity)
    return handle


def sort_events(heard: dict[SequenceHandle, Heard], events: Sequence[SequenceEvent]) -> None:
    """Give each event to its sequence."""
    for event in events:
        heard[event.handle].events.append(event)


def drain(model: LoadedModel, *handles: SequenceHandle) -> dict[SequenceHandle, Heard]:
    """Step until these sequences are over, and return what each sequence was told meanwhile."""
    heard: dict[SequenceHandle, Heard] = defaultdict(Heard)
    for _ in range(STEPS):
        if all(heard[handle].over for handle in handles):
            return heard
        sort_events(heard, model.step())
    raise AssertionError("a sequence does not end")


def run(model: LoadedModel, asked: SequenceRequest) -> Heard:
    """Run one request to its end."""
    handle = admit(model, asked)
    return drain(model, handle)[handle]
