"""How to generate: what the user may set, and the settings that follow."""

from enum import StrEnum
from typing import Any

from attrs import field, fields, frozen

from lmrt.domain.options import between, non_empty_texts, whole

DEFAULT_SYSTEM_PROMPT = "You are a helpful assistant."
"""The system instruction of a request that sets none."""

MAX_SEED = 2**32 - 2
"""Engines keep 32 bits of a seed, and llama.cpp reads the last value as "pick one"."""


@frozen
class JsonSchemaConstraint:
    """The answer must be JSON that the schema accepts; `schema` is the schema's JSON text."""

    schema: str


@frozen
class RegexConstraint:
    """The whole answer must match the pattern."""

    pattern: str


@frozen
class GrammarConstraint:
    """The answer must follow a Lark grammar; `grammar` is its text."""

    grammar: str


Constraint = JsonSchemaConstraint | RegexConstraint | GrammarConstraint


@frozen
class Tool:
    """A function that the model may call.

    Attributes:
        name: Its name.
        description: What it does, for the model.
        parameters: The JSON schema of its arguments, as JSON text.
    """

    name: str
    description: str
    parameters: str


class Reasoning(StrEnum):
    """Whether a reasoning model thinks before it answers."""

    ON = "on"
    OFF = "off"


def _as_stops(value: Any) -> Any:
    return (value,) if isinstance(value, str) else None if value is None else tuple(value)


@frozen(kw_only=True)
class GenerationConfig:
    """Generation settings of one request; None means the model's own value, then the default.

    Attributes:
        max_tokens: Most tokens to generate. Default: until end of sequence or full context.
        temperature: Divides the logits; 0 is greedy. Default 0.8.
        top_k: Keep the k most likely tokens; 0 keeps all. Default 40.
        top_p: Keep the smallest set whose probability reaches p. Default 0.95.
        min_p: Drop tokens below this share of the most likely one's probability. Default 0.05.
        repetition_penalty: Divides positive and multiplies negative logits of tokens seen; 1 is
            off. Default 1.
        presence_penalty: Subtracted once from the logits of tokens seen. Default 0.
        frequency_penalty: Subtracted for each time that a token was seen. Default 0.
        penalty_window: Tokens, of prompt and answer, that the penalties look back at. Default 64.
        seed: Makes sampling reproducible on one backend. Default: a random one.
        stop: Texts that end the answer; they are not part of it.
        logprobs: Report this many alternatives a token with their log-probabilities; 0 reports
            the chosen token's only. Default: none reported.
        raw: Give the text to the model as it is, without a chat template. Default False.
        constraint: What the answer must look like.
        tools: Functions that the model may call.
        reasoning: Whether a reasoning model thinks first.

    Raises:
        ConfigurationError: A value is outside its range (`invalid-option`).
    """

    max_tokens: int | None = field(default=None, validator=whole(1))
    temperature: float | None = field(default=None, validator=between(0.0, float("inf")))
    top_k: int | None = field(default=None, validator=whole(0))
    top_p: float | None = field(default=None, validator=between(0.0, 1.0, above=True))
    min_p: float | None = field(default=None, validator=between(0.0, 1.0))
    repetition_penalty: float | None = field(
        default=None, validator=between(0.0, float("inf"), above=True)
    )
    presence_penalty: float | None = field(default=None, validator=between(-2.0, 2.0))
    frequency_penalty: float | None = field(default=None, validator=between(-2.0, 2.0))
    penalty_window: int | None = field(default=None, validator=whole(0))
    seed: int | None = field(default=None, validator=whole(0, MAX_SEED))
    stop: tuple[str, ...] | None = field(
        default=None, converter=_as_stops, validator=non_empty_texts
    )
    logprobs: int | None = field(default=None, validator=whole(0))
    raw: bool | None = None
    constraint: Constraint | None = None
    tools: tuple[Tool, ...] | None = None
    reasoning: Reasoning | None = None

    def over(self, defaults: "GenerationConfig") -> "GenerationConfig":
        """Return these settings, with `defaults` standing in where one is None."""
        merged = {}
        for attribute in fields(GenerationConfig):
            mine = getattr(self, attribute.name)
            merged[attribute.name] = getattr(defaults, attribute.name) if mine is None else mine
        return GenerationConfig(**merged)


DEFAULT_GENERATION = GenerationConfig(
    temperature=0.8,
    top_k=40,
    top_p=0.95,
    min_p=0.05,
    repetition_penalty=1.0,
    presence_penalty=0.0,
    frequency_penalty=0.0,
    penalty_window=64,
    raw=False,
)
"""The documented defaults, where neither the user nor the model sets a value."""
