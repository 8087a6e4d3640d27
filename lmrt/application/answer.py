"""Puts an answer together from the events of its sequence."""

from collections.abc import Callable

from lmrt.domain.responses import FinishReason, TextLogprob, Timings, Usage
from lmrt.domain.sequences import (
    EndReason,
    PrefillDone,
    SequenceEnded,
    SequenceEvent,
    TokenLogprobs,
    TokenSampled,
)
from lmrt.domain.text import StopMatcher, Utf8Assembler
from lmrt.ports.machine import Clock
from lmrt.ports.text import Tokenizer

_FINISH = {
    EndReason.END_TOKEN: FinishReason.STOP,
    EndReason.MAX_TOKENS: FinishReason.LENGTH,
    EndReason.CONTEXT_FULL: FinishReason.CONTEXT,
    EndReason.RELEASED: FinishReason.CANCELLED,
}


class Answer:
    """Assembles text, stops, usage and timings of one answer.

    Args:
        tokenizer: Turns token ids into bytes.
        prompt_tokens: Length of the prompt.
        stops: Texts that end the answer.
        end_tokens: Ids that end it.
        clock: Measures it; the answer starts now.
        emit: Takes each piece of text that is certain.
        spare_space: Whether a space at the very start is the vocabulary's, not the answer's; see
            `Tokenizer.puts_space_first`.
    """

    def __init__(
        self,
        *,
        tokenizer: Tokenizer,
        prompt_tokens: int,
        stops: tuple[str, ...],
        end_tokens: frozenset[int],
        clock: Clock,
        emit: Callable[[str], None],
        spare_space: bool = False,
    ) -> None:
        self._tokenizer = tokenizer
        self._prompt_tokens = prompt_tokens
        self._end_tokens = end_tokens
        self._clock = clock
        self._emit = emit
        self._spare_space = spare_space
        self._characters = Utf8Assembler()
        self._stops = StopMatcher(stops)
        self._pieces: list[str] = []
        self._prefill: PrefillDone | None = None
        self._completion = 0
        self._logprobs: list[TextLogprob] = []
        self._started = clock()
        self._first: float | None = None
        self._last = self._started
        self.finish_reason: FinishReason | None = None

    def take(self, event: SequenceEvent) -> None:
        """Take the next event; `finish_reason` is set once the answer is complete."""
        match event:
            case PrefillDone():
                self._prefill = event
            case TokenSampled(_, token, logprobs):
                self._take_token(token, logprobs)
            case SequenceEnded(_, reason):
                self._finish(_FINISH[reason])
            case _:
                pass

    @property
    def text(self) -> str:
        """The text so far, as far as it is certain."""
        return "".join(self._pieces)

    @property
    def usage(self) -> Usage:
        """Tokens so far."""
        reused = self._prefill.reused if self._prefill else 0
        return Usage(self._prompt_tokens, self._completion, reused)

    @property
    def logprobs(self) -> tuple[TextLogprob, ...]:
        """Log-probabilities of the tokens so far, where they were asked for."""
        return tuple(self._logprobs)

    def timings(self, load_seconds: float) -> Timings:
        """Return where the time went."""
        first = None if self._first is None else self._first - self._started
        return Timings(
            load=load_seconds,
            first_token=first,
            decode=0.0 if self._first is None else self._last - self._first,
            total=self._last - self._started,
            prefilled_tokens=self._prefill.processed if self._prefill else 0,
            decoded_tokens=max(self._completion - 1, 0),
        )

    def _take_token(self, token: int, logprobs: TokenLogprobs | None) -> None:
        self._last = self._clock()
        if self._first is None:
            self._first = self._last
        if token in self._end_tokens:
            return
        self._completion += 1
        data = self._tokenizer.token_bytes(token)
        if logprobs is not None:
            self._logprobs.append(self._text_logprob(token, data, logprobs))
        if self._spare_space and data:
            self._spare_space = False
            data = data.removeprefix(b" ")
        self._say(self._stops.push(self._characters.push(data)))
        if self._stops.matched is not None:
            self.finish_reason = FinishReason.STOP

    def _finish(self, reason: FinishReason) -> None:
        if self.finish_reason is not None:
            return
        self._say(self._stops.push(self._characters.flush()))
        if self._stops.matched is not None:
            reason = FinishReason.STOP
        self._say(self._stops.flush())
        self.finish_reason = reason

    def _say(self, text: str) -> None:
        if text:
            self._pieces.append(text)
            self._emit(text)

    def _text_logprob(self, token: int, data: bytes, logprobs: TokenLogprobs) -> TextLogprob:
        top = tuple(
            (other, self._tokenizer.token_bytes(other), value) for other, value in logprobs.top
        )
        return TextLogprob(token, data, logprobs.chosen, top)
