"""The values that cross the token-level backend port: what goes in, what comes out of a step."""

from enum import StrEnum
from typing import NewType

from attrs import frozen

from lmrt.domain.config import Dtype, KvType
from lmrt.domain.generation import Constraint
from lmrt.domain.sampling import SamplingSettings

SequenceHandle = NewType("SequenceHandle", int)
"""Names one admitted sequence of one loaded model; never used twice."""


class EndReason(StrEnum):
    """Why a sequence ended inside the backend."""

    END_TOKEN = "end-token"  # noqa: S105 - not a password
    MAX_TOKENS = "max-tokens"
    CONTEXT_FULL = "context-full"
    RELEASED = "released"


@frozen(kw_only=True)
class SequenceRequest:
    """One sequence to generate.

    Attributes:
        tokens: The prompt's token ids, at least one, fewer than the context length.
        sampling: How to draw tokens.
        end_tokens: Ids that end the sequence; the id itself is reported, then the end.
        max_tokens: Most tokens to generate, or None until an end token or a full context.
        logprobs: Report this many alternatives a token, or None for no log-probabilities.
        constraint: What the answer must look like, or None.
    """

    tokens: tuple[int, ...]
    sampling: SamplingSettings
    end_tokens: frozenset[int] = frozenset()
    max_tokens: int | None = None
    logprobs: int | None = None
    constraint: Constraint | None = None


@frozen
class AtCapacity:
    """The model cannot take the sequence now; try again when a live one has ended."""


@frozen
class TokenLogprobs:
    """Log-probabilities (natural logarithm) of one step, before sampling changes the logits.

    Attributes:
        chosen: Of the token that was drawn.
        top: The most likely tokens as (token id, log-probability), the most likely first.
    """

    chosen: float
    top: tuple[tuple[int, float], ...]


@frozen
class PrefillDone:
    """The whole prompt is in the KV cache.

    Attributes:
        handle: The sequence.
        reused: Prompt tokens that were in the cache already.
        processed: Prompt tokens that were computed.
    """

    handle: SequenceHandle
    reused: int
    processed: int


@frozen
class TokenSampled:
    """One token was drawn."""

    handle: SequenceHandle
    token: int
    logprobs: TokenLogprobs | None = None


@frozen
class SequenceEnded:
    """The sequence is over; its handle is no longer valid."""

    handle: SequenceHandle
    reason: EndReason


@frozen
class SequenceFailed:
    """The sequence cannot go on; its handle is no longer valid, the others live on."""

    handle: SequenceHandle
    message: str


SequenceEvent = PrefillDone | TokenSampled | SequenceEnded | SequenceFailed


class PrefixReuse(StrEnum):
    """Which earlier text a loaded model can start from without computing it again."""

    ANY = "any"
    CHECKPOINT = "checkpoint"
    NONE = "none"


@frozen(kw_only=True)
class LoadedFacts:
    """What the engine reports back after a load; compared with the plan.

    Attributes:
        context_length: Tokens of context of one sequence.
        kv_type: Data type of the KV cache.
        flash_attention: Whether attention is fused, or None where the engine does not tell.
        layers_on_device: Repeating layers on an accelerator.
        weight_bytes: Bytes of the loaded weights.
        max_sequences: Sequences that can be live at once.
        prefix_reuse: Which earlier text can be started from.
        vocabulary_size: Tokens in the vocabulary.
        engine: The engine's name and version.
        warnings: What the engine warned of while it loaded, one line each.
        dtype: Data type that the weights were loaded as, or None for as they are stored.
    """

    context_length: int
    kv_type: KvType
    flash_attention: bool | None
    layers_on_device: int
    weight_bytes: int
    max_sequences: int
    prefix_reuse: PrefixReuse
    vocabulary_size: int
    engine: str
    warnings: tuple[str, ...] = ()
    dtype: Dtype | None = None
