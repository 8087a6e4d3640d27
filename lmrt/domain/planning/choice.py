"""Which of the candidates that can run is the best.

In this order: weights that are not rounded further to fit; more context; a KV cache of the default
type; what the preference says; then a fixed tie-break on the names of artifact, backend and device.
That is also the order in which a candidate gives way where memory is short, last things first, so
that more memory never makes it rank lower. The preference compares three merits:

- quality: bits per weight, saturating at 16
- speed: expected tokens a second
- memory: bytes needed

`quality`, `speed` and `memory` put their merit first; `balanced`, and equals under the others, go
by a score that weighs all three in units of one doubling of speed:

- quality: `-0.7 * 4 ** (4 - bits)`. The loss that quantization does falls about fourfold with each
  bit more (perplexities of 2 to 8 bits in llama.cpp's pull request 1684); the factor makes about 5
  bits the best of a model that is slow to read along with
- speed: `log2(s / (s + 20))`, so that a doubling counts for less and less above 20 tokens a second,
  about twice as fast as people read
- memory: `-0.1 * log2(bytes)`
"""

import math
from enum import Enum

from attrs import frozen

from lmrt.domain.config import Preference
from lmrt.domain.planning.caution import cautious_decode
from lmrt.domain.planning.fitting import Fits

_BEST_BITS = 16.0
_READING_SPEED = 20.0

RankKey = tuple[float | str, ...]


class Respect(Enum):
    """In what one candidate is better than another."""

    DTYPE = "dtype"
    CONTEXT = "context"
    KV_TYPE = "KV type"
    QUALITY = "quality"
    SPEED = "speed"
    MEMORY = "memory"
    ORDER = "order"


@frozen
class Merits:
    """What the preference compares, each rounded to what the estimates are good for."""

    quality: float
    speed: float
    memory: int

    def scores(self) -> dict[Respect, float]:
        """Return the terms of the balanced score; more is better."""
        return {
            Respect.QUALITY: -0.7 * 4.0 ** (4.0 - self.quality),
            Respect.SPEED: math.log2(self.speed / (self.speed + _READING_SPEED)),
            Respect.MEMORY: -0.1 * math.log2(max(self.memory, 1)),
        }


def merits(fit: Fits) -> Merits:
    """Return a candidate's merits."""
    bits = fit.combination.artifact.quantization.bits_per_weight
    if fit.candidate.settings.dtype is not None:
        bits = min(bits, fit.candidate.settings.dtype.bits)
    return Merits(
        quality=_three_digits(min(bits, _BEST_BITS)),
        speed=_three_digits(cautious_decode(fit.candidate.speed)),
        memory=fit.candidate.memory.total,
    )


def rank_key(fit: Fits, prefer: Preference) -> RankKey:
    """Return a key that sorts candidates, the best first, and never ties for two of them."""
    names = (fit.candidate.artifact, fit.candidate.backend, str(fit.combination.name))
    kept = (-_kept_dtype_bits(fit), -fit.context, -_kept_kv_bits(fit))
    return (*kept, *_preference_key(merits(fit), prefer), *names)


def respect(winner: Fits, loser: Fits, prefer: Preference) -> Respect:
    """Return in what the winner is better than a candidate that ranks behind it."""
    if _kept_dtype_bits(winner) != _kept_dtype_bits(loser):
        return Respect.DTYPE
    if winner.context != loser.context:
        return Respect.CONTEXT
    if _kept_kv_bits(winner) != _kept_kv_bits(loser):
        return Respect.KV_TYPE
    won, lost = merits(winner), merits(loser)
    match prefer:
        case Preference.QUALITY if won.quality != lost.quality:
            return Respect.QUALITY
        case Preference.SPEED if won.speed != lost.speed:
            return Respect.SPEED
        case Preference.MEMORY if won.memory != lost.memory:
            return Respect.MEMORY
        case _:
            return _largest_lead(won.scores(), lost.scores())


def _largest_lead(won: dict[Respect, float], lost: dict[Respect, float]) -> Respect:
    leads = {name: won[name] - lost[name] for name in won}
    best = max(leads, key=lambda name: leads[name])
    return best if leads[best] > 0 else Respect.ORDER


def _preference_key(found: Merits, prefer: Preference) -> tuple[float, ...]:
    balanced = -sum(found.scores().values())
    match prefer:
        case Preference.BALANCED:
            return (balanced,)
        case Preference.QUALITY:
            return (-found.quality, balanced)
        case Preference.SPEED:
            return (-found.speed, balanced)
        case Preference.MEMORY:
            return (found.memory, balanced)


def _kept_dtype_bits(fit: Fits) -> float:
    """Return the weights' bits, all that were not rounded further counting as equal."""
    dtype = fit.candidate.settings.dtype
    return math.inf if dtype is None or dtype is fit.default_dtype else dtype.bits


def _kept_kv_bits(fit: Fits) -> float:
    """Return the KV cache's bits, all types that were not reduced counting as equal."""
    kv_type = fit.candidate.settings.kv_type
    return math.inf if kv_type is fit.default_kv_type else kv_type.bits


def _three_digits(value: float) -> float:
    return float(f"{value:.3g}")
