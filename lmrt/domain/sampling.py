"""How the next token is drawn: the order and the formulas, the same on every backend.

From the logits of the whole vocabulary, in this order:

1. penalties, over the last `penalty_window` tokens of prompt and answer, for each token in it
   that occurs n times: a positive logit is divided by `repetition_penalty`, any other multiplied
   by it (Keskar et al. 2019, CTRL); then `n * frequency_penalty + presence_penalty` is subtracted
   (the OpenAI API reference)
2. `temperature` 0: the largest logit wins (the lowest token id among equals); nothing else applies
3. `top_k`: the k largest logits stay
4. `top_p`: of the softmax, the smallest set, largest first, whose sum reaches p stays
   (Holtzman et al. 2020)
5. `min_p`: tokens stay whose probability is at least p times the largest one's (Nguyen et al. 2024)
6. logits are divided by `temperature`, and the token is drawn from their softmax

Adapters map this to their engine and are tested against `distribution`.
"""

import math
from collections import Counter
from collections.abc import Sequence

from attrs import frozen

from lmrt.domain.generation import DEFAULT_GENERATION, GenerationConfig


@frozen(kw_only=True)
class SamplingSettings:
    """Concrete sampling settings; the fields mean what `GenerationConfig` says.

    Attributes:
        seed: The seed, or None for a random one.
    """

    temperature: float
    top_k: int
    top_p: float
    min_p: float
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    penalty_window: int = 64
    seed: int | None = None

    @property
    def greedy(self) -> bool:
        """Whether the largest logit always wins."""
        return self.temperature == 0.0

    @property
    def penalizes(self) -> bool:
        """Whether tokens seen before are penalised."""
        changes = (
            self.repetition_penalty != 1.0
            or self.presence_penalty != 0.0
            or self.frequency_penalty != 0.0
        )
        return changes and self.penalty_window > 0


GREEDY = SamplingSettings(temperature=0.0, top_k=0, top_p=1.0, min_p=0.0)
"""Always the most likely token."""


def sampling_settings(config: GenerationConfig) -> SamplingSettings:
    """Return the settings of a config, with the documented defaults where it is silent."""
    full = config.over(DEFAULT_GENERATION)
    values = {
        name: getattr(full, name)
        for name in (
            "temperature",
            "top_k",
            "top_p",
            "min_p",
            "repetition_penalty",
            "presence_penalty",
            "frequency_penalty",
            "penalty_window",
            "seed",
        )
    }
    return SamplingSettings(**values)


def penalized(
    logits: Sequence[float], settings: SamplingSettings, history: Sequence[int]
) -> list[float]:
    """Return the logits after step 1; `history` is the prompt and the answer so far."""
    result = list(logits)
    if not settings.penalizes:
        return result
    for token, count in Counter(history[-settings.penalty_window :]).items():
        logit = result[token]
        factor = settings.repetition_penalty
        logit = logit / factor if logit > 0 else logit * factor
        result[token] = logit - count * settings.frequency_penalty - settings.presence_penalty
    return result


def distribution(
    logits: Sequence[float], settings: SamplingSettings, history: Sequence[int] = ()
) -> dict[int, float]:
    """Return the probability of each token that can be drawn next.

    Args:
        logits: One logit for each token of the vocabulary.
        settings: How to sample.
        history: Token ids of the prompt and the answer so far.

    Returns:
        Token id to probability, in (0, 1], summing to 1.
    """
    scores = penalized(logits, settings, history)
    ranked = sorted(range(len(scores)), key=lambda token: (-scores[token], token))
    if settings.greedy:
        return {ranked[0]: 1.0}
    if settings.top_k:
        ranked = ranked[: settings.top_k]
    ranked = _top_p(ranked, scores, settings.top_p)
    ranked = _min_p(ranked, scores, settings.min_p)
    weights = _softmax([scores[token] / settings.temperature for token in ranked])
    return dict(zip(ranked, weights, strict=True))


def _softmax(scores: Sequence[float]) -> list[float]:
    peak = max(scores)
    weights = [math.exp(score - peak) for score in scores]
    total = sum(weights)
    return [weight / total for weight in weights]


def _top_p(ranked: list[int], scores: Sequence[float], p: float) -> list[int]:
    if p >= 1.0:
        return ranked
    reached = 0.0
    for kept, weight in enumerate(_softmax([scores[token] for token in ranked]), start=1):
        reached += weight
        if reached >= p:
            return ranked[:kept]
    return ranked


def _min_p(ranked: list[int], scores: Sequence[float], p: float) -> list[int]:
    if p <= 0.0:
        return ranked
    floor = scores[ranked[0]] + math.log(p)
    return [token for token in ranked if scores[token] >= floor]
