"""The fake loaded model: the batch loop of a real one over a toy language."""

import math
import random
import threading
from collections.abc import Sequence

from attrs import define

from lmrt.adapters.fake.language import Language
from lmrt.domain.errors import ConfigurationError, GenerationFailed, LmrtError
from lmrt.domain.sampling import distribution
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


@define(eq=False)
class _Live:
    """One live sequence: its tokens, how many of them are computed, and its own dice."""

    handle: SequenceHandle
    request: SequenceRequest
    dice: random.Random
    cells: int
    tokens: list[int]
    computed: int
    reused: int

    @property
    def drawn(self) -> int:
        """Tokens drawn so far."""
        return len(self.tokens) - len(self.request.tokens)


class FakeModel:
    """`LoadedModel` over a toy language; see the port for what each method promises.

    Attributes:
        closed: Whether it was closed.
        steps: Steps taken that had something to compute.
    """

    def __init__(
        self,
        facts: LoadedFacts,
        language: Language,
        *,
        batch_size: int,
        fail_at_step: int | None,
        fail_sequence_at: int | None,
    ) -> None:
        self.closed = False
        self.steps = 0
        self._facts = facts
        self._language = language
        self._batch_size = max(batch_size, facts.max_sequences)
        self._fail_at_step = fail_at_step
        self._fail_sequence_at = fail_sequence_at
        self._live: dict[SequenceHandle, _Live] = {}
        self._finished: list[tuple[int, ...]] = []
        self._released: set[SequenceHandle] = set()
        self._lock = threading.Lock()
        self._handles = 0
        self._failure: LmrtError | None = None

    @property
    def facts(self) -> LoadedFacts:
        """What the plan asked for, as a real engine would report it."""
        return self._facts

    def admit(self, request: SequenceRequest) -> SequenceHandle | AtCapacity:
        """Take a sequence in."""
        self._check_usable()
        self._check(request)
        cells = self._cells(request)
        promised = sum(sequence.cells for sequence in self._live.values())
        full = len(self._live) == self._facts.max_sequences
        if full or promised + cells > self._facts.context_length:
            return AtCapacity()
        self._handles += 1
        handle = SequenceHandle(self._handles)
        reused = self._reusable(request.tokens)
        dice = random.Random(request.sampling.seed)  # noqa: S311 - not for secrets
        self._live[handle] = _Live(
            handle, request, dice, cells, list(request.tokens), reused, reused
        )
        return handle

    def step(self) -> Sequence[SequenceEvent]:
        """Advance every live sequence."""
        self._check_usable()
        events: list[SequenceEvent] = []
        for handle in self._take_released():
            if handle in self._live:
                self._end(self._live[handle], EndReason.RELEASED, events)
        if not self._live:
            return events
        self.steps += 1
        if self.steps == self._fail_at_step:
            self._failure = GenerationFailed("the fake engine failed", code="generation-failed")
            raise self._failure
        room = self._batch_size
        for sequence in sorted(self._live.values(), key=_prefilling):
            room -= self._advance(sequence, room, events)
        return events

    def release(self, handle: SequenceHandle) -> None:
        """End a sequence early; from any thread."""
        with self._lock:
            self._released.add(handle)

    def logits(self, tokens: Sequence[int]) -> Sequence[float]:
        """Return the language's logits after `tokens`."""
        self._check_usable()
        self._check_tokens(tokens)
        return self._language(tokens)

    def close(self) -> None:
        """Forget everything; a second call does nothing."""
        self.closed = True
        self._live.clear()
        self._finished.clear()
        self._failure = ConfigurationError("the model is closed", code="runtime-closed")

    def _check_usable(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _check(self, request: SequenceRequest) -> None:
        if request.constraint is not None:
            raise ConfigurationError("constraints are unsupported", code="feature-unsupported")
        self._check_tokens(request.tokens)
        prompt, context = len(request.tokens), self._facts.context_length
        if prompt >= context:
            raise ConfigurationError(
                f"the prompt takes {prompt:,} tokens, the context holds {context:,}",
                code="prompt-too-long",
                context={"prompt_tokens": prompt, "context_length": context},
                hint="give a larger `--context`, or a shorter prompt",
            )

    def _check_tokens(self, tokens: Sequence[int]) -> None:
        if not tokens:
            raise ConfigurationError("the prompt is empty", code="empty-prompt")
        for token in tokens:
            if not 0 <= token < self._facts.vocabulary_size:
                message = f"token {token} is outside the vocabulary"
                raise ConfigurationError(message, code="unreadable-input")

    def _cells(self, request: SequenceRequest) -> int:
        context = self._facts.context_length
        if request.max_tokens is None:
            return context
        return min(len(request.tokens) + request.max_tokens, context)

    def _reusable(self, prompt: Sequence[int]) -> int:
        """Return how much of the prompt, its last token left out, was computed before."""
        running = (tuple(live.tokens[: live.computed]) for live in self._live.values())
        known = (*self._finished, *running)
        return max((_common(tokens, prompt[:-1]) for tokens in known), default=0)

    def _take_released(self) -> list[SequenceHandle]:
        with self._lock:
            released, self._released = self._released, set()
        return sorted(released)

    def _advance(self, sequence: _Live, room: int, events: list[SequenceEvent]) -> int:
        """Compute a sequence's next tokens, `room` at most; return how many."""
        prompt = len(sequence.request.tokens)
        prefilling = sequence.computed < prompt
        count = min(len(sequence.tokens) - sequence.computed, room)
        sequence.computed += count
        if sequence.computed < len(sequence.tokens):
            return count
        if prefilling:
            reused = sequence.reused
            events.append(PrefillDone(sequence.handle, reused, prompt - reused))
        if sequence.drawn + 1 == self._fail_sequence_at:
            self._retire(sequence)
            events.append(SequenceFailed(sequence.handle, "the fake sequence failed"))
        else:
            self._draw(sequence, events)
        return count

    def _draw(self, sequence: _Live, events: list[SequenceEvent]) -> None:
        request = sequence.request
        logits = self._language(sequence.tokens)
        chances = distribution(logits, request.sampling, sequence.tokens)
        token = sequence.dice.choices(list(chances), list(chances.values()))[0]
        logprobs = None
        if request.logprobs is not None:
            logprobs = _logprobs(logits, token, request.logprobs)
        sequence.tokens.append(token)
        events.append(TokenSampled(sequence.handle, token, logprobs))
        if token in request.end_tokens:
            self._end(sequence, EndReason.END_TOKEN, events)
        elif sequence.drawn == request.max_tokens:
            self._end(sequence, EndReason.MAX_TOKENS, events)
        elif len(sequence.tokens) == self._facts.context_length:
            self._end(sequence, EndReason.CONTEXT_FULL, events)

    def _end(self, sequence: _Live, reason: EndReason, events: list[SequenceEvent]) -> None:
        self._retire(sequence)
        events.append(SequenceEnded(sequence.handle, reason))

    def _retire(self, sequence: _Live) -> None:
        del self._live[sequence.handle]
        self._finished.append(tuple(sequence.tokens[: sequence.computed]))
        del self._finished[: -self._facts.max_sequences]


def _prefilling(sequence: _Live) -> bool:
    return sequence.computed < len(sequence.request.tokens)


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    pairs = zip(one, other, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _logprobs(logits: Sequence[float], token: int, count: int) -> TokenLogprobs:
    peak = max(logits)
    norm = peak + math.log(sum(math.exp(logit - peak) for logit in logits))
    ranked = sorted(range(len(logits)), key=lambda entry: (-logits[entry], entry))[:count]
    return TokenLogprobs(
        logits[token] - norm, tuple((entry, logits[entry] - norm) for entry in ranked)
    )
