"""Which sequences a loaded model takes, and how many cells they may come to need."""

from collections.abc import Sequence

from lmrt.domain.errors import ConfigurationError
from lmrt.domain.sequences import EndReason, LoadedFacts, SequenceRequest


def check_request(request: SequenceRequest, facts: LoadedFacts) -> None:
    """Refuse a request that the model can never serve.

    Raises:
        ConfigurationError: See `LoadedModel.admit`; also for a constraint.
    """
    if request.constraint is not None:
        raise ConfigurationError(
            "constraints on the answer are not in this version",
            code="feature-unsupported",
            context={"feature": "constraints"},
        )
    check_tokens(request.tokens, facts)
    if len(request.tokens) >= facts.context_length:
        raise _too_long(len(request.tokens), facts.context_length)


def check_tokens(tokens: Sequence[int], facts: LoadedFacts) -> None:
    """Refuse tokens that are none, or not the model's.

    Raises:
        ConfigurationError: There is no token (`empty-prompt`) or one is outside the vocabulary
            (`unreadable-input`).
    """
    if not tokens:
        raise ConfigurationError("the prompt is empty", code="empty-prompt")
    low, high = min(tokens), max(tokens)
    if low < 0 or high >= facts.vocabulary_size:
        wrong = low if low < 0 else high
        raise ConfigurationError(
            f"token {wrong} is outside the vocabulary of {facts.vocabulary_size:,}",
            code="unreadable-input",
            context={"token": wrong, "vocabulary_size": facts.vocabulary_size},
        )


def _too_long(prompt: int, context: int) -> ConfigurationError:
    return ConfigurationError(
        f"the prompt takes {prompt:,} tokens, the context holds {context:,}",
        code="prompt-too-long",
        context={"prompt_tokens": prompt, "context_length": context},
        note="one token at least must be left for the answer",
        hint="give a larger `--context`, or a shorter prompt",
    )


def cells_of(request: SequenceRequest, facts: LoadedFacts) -> int:
    """Return the cells of the KV cache to reserve for a request."""
    if request.max_tokens is None:
        return facts.context_length
    return min(len(request.tokens) + request.max_tokens, facts.context_length)


def limit_of(request: SequenceRequest, facts: LoadedFacts) -> tuple[int, EndReason]:
    """Return how many tokens the request can draw at most, and what ends it there."""
    room = facts.context_length - len(request.tokens)
    if request.max_tokens is not None and request.max_tokens <= room:
        return request.max_tokens, EndReason.MAX_TOKENS
    return room, EndReason.CONTEXT_FULL
