"""Toy language models: pure functions from tokens to logits."""

import random
from collections.abc import Callable, Sequence

from lmrt.adapters.fake.tokenizer import CONTROL_TOKENS, VOCABULARY_SIZE

Language = Callable[[Sequence[int]], list[float]]
"""From all tokens so far, at least one, to one logit for each token of the vocabulary."""

_SPREAD = 2.0
_CERTAIN = 30.0


def hashed_language(
    vocabulary_size: int = VOCABULARY_SIZE, *, order: int = 3, seed: int = 0
) -> Language:
    """Return a language whose logits are noise that the last `order` tokens decide."""

    def logits(tokens: Sequence[int]) -> list[float]:
        recent = ",".join(map(str, tokens[-order:]))
        noise = random.Random(f"{seed}:{recent}")  # noqa: S311 - reproducible noise is wanted
        return [noise.gauss(0.0, _SPREAD) for _ in range(vocabulary_size)]

    return logits


def scripted_language(answer: str) -> Language:
    """Return a language that says `answer`, then `<eos>`, after the last `<assistant>`.

    Without an `<assistant>` the text counts from the first token.
    """
    said = [*answer.encode("utf-8"), CONTROL_TOKENS["<eos>"]]

    def logits(tokens: Sequence[int]) -> list[float]:
        start = _last(tokens, CONTROL_TOKENS["<assistant>"]) + 1
        result = [0.0] * VOCABULARY_SIZE
        result[said[(len(tokens) - start) % len(said)]] = _CERTAIN
        return result

    return logits


def _last(tokens: Sequence[int], wanted: int) -> int:
    places = (place for place in range(len(tokens) - 1, -1, -1) if tokens[place] == wanted)
    return next(places, -1)
