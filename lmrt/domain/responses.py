"""What a prompt comes back with, whole and as a stream of events."""

from enum import StrEnum

from attrs import frozen

from lmrt.domain.messages import Message
from lmrt.domain.notices import Notice
from lmrt.domain.plans import RuntimePlan


class FinishReason(StrEnum):
    """Why an answer ended.

    `stop`: end of sequence or a stop text. `length`: `max_tokens` reached. `context`: the context
    is full. `cancelled`: the caller stopped it.
    """

    STOP = "stop"
    LENGTH = "length"
    CONTEXT = "context"
    CANCELLED = "cancelled"


@frozen
class Usage:
    """Tokens that a request took.

    Attributes:
        prompt_tokens: Of the rendered prompt.
        completion_tokens: Generated, an end token not counted.
        reused_tokens: Of the prompt tokens, those found in the KV cache.
    """

    prompt_tokens: int
    completion_tokens: int
    reused_tokens: int

    @property
    def total_tokens(self) -> int:
        """Prompt and completion together."""
        return self.prompt_tokens + self.completion_tokens


@frozen
class Timings:
    """Where the time went, in seconds.

    Attributes:
        load: Loading the model for this request, 0 where it was loaded already.
        first_token: From the request to the first token (time to first token), load not counted;
            None where no token came.
        decode: From the first token to the last.
        total: From the request to the last token, load not counted.
        prefilled_tokens: Prompt tokens computed before the first token.
        decoded_tokens: Tokens drawn after the first.
    """

    load: float
    first_token: float | None
    decode: float
    total: float
    prefilled_tokens: int
    decoded_tokens: int

    @property
    def prefill_rate(self) -> float | None:
        """Prompt tokens a second, or None where nothing was prefilled."""
        if not self.first_token or not self.prefilled_tokens:
            return None
        return self.prefilled_tokens / self.first_token

    @property
    def decode_rate(self) -> float | None:
        """Generated tokens a second after the first, or None where there is only one."""
        return self.decoded_tokens / self.decode if self.decoded_tokens and self.decode else None


@frozen
class TextLogprob:
    """One generated token with its log-probability.

    Attributes:
        token: Its id.
        data: Its bytes; a character may be spread over several tokens.
        logprob: Natural logarithm of its probability before sampling.
        top: The most likely tokens as (id, bytes, log-probability), the most likely first.
    """

    token: int
    data: bytes
    logprob: float
    top: tuple[tuple[int, bytes, float], ...]


@frozen
class PromptResponse:
    """The answer to one prompt.

    Attributes:
        text: The answer's text.
        message: The same as the assistant's message, to go on with.
        finish_reason: Why it ended.
        usage: Tokens.
        timings: Seconds.
        plan: The plan that ran.
        notices: Everything that differed from what was asked, each once.
        logprobs: One entry a token where `GenerationConfig.logprobs` asked for it, else None.
    """

    text: str
    message: Message
    finish_reason: FinishReason
    usage: Usage
    timings: Timings
    plan: RuntimePlan
    notices: tuple[Notice, ...]
    logprobs: tuple[TextLogprob, ...] | None = None


@frozen
class Started:
    """The model is loaded and the prompt is on its way."""

    plan: RuntimePlan


@frozen
class NoticeRaised:
    """Something differs from what was asked."""

    notice: Notice


@frozen
class TextDelta:
    """The next piece of the answer, whole characters only."""

    text: str


@frozen
class Finished:
    """The answer is complete."""

    response: PromptResponse


StreamEvent = Started | NoticeRaised | TextDelta | Finished
