"""Which of the candidates that can run is the best.

In this order: weights that are not rounded further to fit; weights that are not rounded roughly
(see `quality`; not where the preference is speed or memory); an accelerator rather than the CPU
where the backend has to choose for all layers (not where the preference is memory); more context; a
KV cache of the default type; what the preference says; then a fixed tie-break on the names of
artifact, backend and device. What a candidate gives up where memory is short, it gives up in that
order, last things first, so that more memory never makes it rank lower. The preference compares
four merits:

- quality: bits per weight, saturating at 16
- speed: expected tokens a second
- place: the share of the layers that run on an accelerator
- memory: bytes needed

`quality`, `speed` and `memory` put their merit first; `balanced`, and equals under the others, go
by a score that weighs all four in units of one doubling of speed:

- quality: `-0.7 * 4 ** (4 - bits)`. The loss that quantization does falls about fourfold with each
  bit more (perplexities of 2 to 8 bits in llama.cpp's pull request 1684); the factor makes about 5
  bits the best of a model that is slow to read along with
- speed: `log2(s / (s + 20))`, so that a doubling counts for less and less above 20 tokens a second,
  about twice as fast as people read
- place: `0.5 * share`. Accelerators read prompts several times as fast as the CPU, which the speed
  of decoding does not tell
- memory: `-0.1 * log2(bytes)`
"""

import math
from enum import Enum

from attrs import frozen

from lmrt.domain.config import Preference
from lmrt.domain.machine import DeviceKind
from lmrt.domain.planning.caution import cautious_decode
from lmrt.domain.planning.fitting import Fits
from lmrt.domain.planning.quality import quality_bits, roughness
from lmrt.domain.plans import OnCpu, OnDevice, Placement, SplitLayers, SpreadLayers
from lmrt.domain.probes import Feature

_READING_SPEED = 20.0

RankKey = tuple[float | str, ...]


class Respect(Enum):
    """In what one candidate is better than another."""

    DTYPE = "dtype"
    CONTEXT = "context"
    KV_TYPE = "KV type"
    QUALITY = "quality"
    SPEED = "speed"
    PLACE = "place"
    MEMORY = "memory"
    ORDER = "order"


@frozen
class Merits:
    """What the preference compares, each rounded to what the estimates are good for."""

    quality: float
    speed: float
    place: float
    memory: int

    def scores(self) -> dict[Respect, float]:
        """Return the terms of the balanced score; more is better."""
        return {
            Respect.QUALITY: -0.7 * 4.0 ** (4.0 - self.quality),
            Respect.SPEED: math.log2(self.speed / (self.speed + _READING_SPEED)),
            Respect.PLACE: 0.5 * self.place,
            Respect.MEMORY: -0.1 * math.log2(max(self.memory, 1)),
        }


def merits(fit: Fits) -> Merits:
    """Return a candidate's merits."""
    bits = quality_bits(fit.combination.artifact.quantization, fit.candidate.settings.dtype)
    return Merits(
        quality=_three_digits(bits),
        speed=_three_digits(cautious_decode(fit.candidate.speed)),
        place=_share_on_accelerator(fit.candidate.placement),
        memory=fit.candidate.memory.total,
    )


def rank_key(fit: Fits, prefer: Preference) -> RankKey:
    """Return a key that sorts candidates, the best first, and never ties for two of them."""
    names = (fit.candidate.artifact, fit.candidate.backend, str(fit.combination.name))
    what = (-_kept_dtype_bits(fit), _roughness(fit, prefer), _leaves_accelerator(fit, prefer))
    kept = (*what, -fit.context, -_kept_kv_bits(fit))
    return (*kept, *_preference_key(merits(fit), prefer), *names)


def respect(winner: Fits, loser: Fits, prefer: Preference) -> Respect:
    """Return in what the winner is better than a candidate that ranks behind it."""
    if _kept_dtype_bits(winner) != _kept_dtype_bits(loser):
        return Respect.DTYPE
    if _roughness(winner, prefer) != _roughness(loser, prefer):
        return Respect.QUALITY
    if _leaves_accelerator(winner, prefer) != _leaves_accelerator(loser, prefer):
        return Respect.PLACE
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


def _roughness(fit: Fits, prefer: Preference) -> int:
    match prefer:
        case Preference.BALANCED | Preference.QUALITY:
            return roughness(fit.combination.artifact.quantization)
        case Preference.SPEED | Preference.MEMORY:
            return 0


def _leaves_accelerator(fit: Fits, prefer: Preference) -> bool:
    """Return whether the CPU runs it although the backend can use an accelerator here.

    Where layers can be split between the two, context decides: a layer or two on the accelerator
    are no reason for less of it.
    """
    if prefer is Preference.MEMORY or not isinstance(fit.candidate.placement, OnCpu):
        return False
    splits = Feature.PARTIAL_OFFLOAD in fit.combination.offer.probe.features
    kinds = {device.kind for device in fit.combination.offer.devices}
    return DeviceKind.METAL in kinds or (DeviceKind.CUDA in kinds and not splits)


def _share_on_accelerator(placement: Placement) -> float:
    match placement:
        case OnCpu():
            return 0.0
        case OnDevice() | SpreadLayers():
            return 1.0
        case SplitLayers(_, layers, total):
            return layers / total


def _kept_kv_bits(fit: Fits) -> float:
    """Return the KV cache's bits, all types that were not reduced counting as equal."""
    kv_type = fit.candidate.settings.kv_type
    return math.inf if kv_type is fit.default_kv_type else kv_type.bits


def _three_digits(value: float) -> float:
    return float(f"{value:.3g}")
