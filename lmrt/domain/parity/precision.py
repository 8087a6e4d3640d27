"""How exactly a backend computes, and how far apart the logits of two may be because of it.

A value that is rounded to a data type is off by at most its unit: `2 ** -11` of itself in f16,
`2 ** -8` in bf16. Rounding errors are spread over all directions of the residual stream, so an
error of a share of the stream becomes the same share of the logits' spread (their largest less
their smallest), and they grow from layer to layer. So two backends agree if no logit differs by
more than::

    tolerance = min(16 * unit, 1/2) * spread

where `unit` is that of the coarsest type that only one of them rounds to, or that both round to
each in its own way. 16 is what layers make of it: between transformers on torch and llama.cpp, on
random models of nine families with 3 layers and prompts of 5 to 300 tokens, the largest difference
was 0.1 units of the spread with everything in f32 (6 in Gemma 2, see below), 8 with an f16 KV
cache, 7 with bf16 and 6 with Q8_0 weights. One half is the most, because unrelated logits are 0.6
to 1.0 of their spread apart: beyond it any difference would be explained. With 4 bits a weight or
less, only that much is told.

The units of types that are rounded in blocks follow from their bits: half a step between the
largest values of a block, which are 2 to 4 times as large as its values usually are.
"""

from attrs import frozen

from lmrt.domain.config import Dtype, KvType
from lmrt.domain.models import Artifact
from lmrt.domain.planning.dtypes import stored_dtype
from lmrt.domain.plans import OnCpu, RuntimePlan

FACTOR = 16.0
"""How many units of the spread the logits may be apart."""

LARGEST_SHARE = 0.5
"""The share of the spread that no tolerance exceeds."""

# f32 itself has 2 ** -24. Sums of thousands of terms in another order take 7 bits, and engines look
# functions up: llama.cpp's GELU comes from a table of f16, which put Gemma 2 1.7e-4 of the spread
# off, where families without it stayed below 4e-6.
_PLAIN = {Dtype.F32: 2.0**-15, Dtype.F16: 2.0**-11, Dtype.BF16: 2.0**-8}

_ACCELERATED = 2.0**-11
"""The unit of f32 on accelerators, which multiply matrices of it as TF32 or f16."""


@frozen
class Rounding:
    """Something that makes results inexact.

    Attributes:
        what: What is rounded, for people.
        unit: The largest error, as a share of the value.
    """

    what: str
    unit: float

    def tolerance(self, spread: float) -> float:
        """Return how far apart two logits may be; `spread` is the largest logit less the least."""
        return min(FACTOR * self.unit, LARGEST_SHARE) * spread


@frozen
class Precision:
    """What one backend rounds to.

    Attributes:
        stored: The name of what the weights are stored as: `F16`, `Q4_K_M` …
        stored_unit: The unit of that.
        loaded: The data type that they are loaded as, or None for as they are stored.
        kv_type: Data type of the KV cache.
        accelerated: Whether any layer runs on an accelerator.
    """

    stored: str
    stored_unit: float
    loaded: Dtype | None
    kv_type: KvType
    accelerated: bool


def precision_of(plan: RuntimePlan) -> Precision:
    """Return what a model that is loaded by the plan rounds to."""
    return Precision(
        stored=plan.artifact.quantization.name,
        stored_unit=_stored_unit(plan.artifact),
        loaded=plan.settings.dtype,
        kv_type=plan.settings.kv_type,
        accelerated=not isinstance(plan.chosen.placement, OnCpu),
    )


def coarsest(one: str, other: str, precisions: tuple[Precision, Precision]) -> Rounding:
    """Return the coarsest rounding that can put two backends apart.

    Weights that both store in one way are the same numbers; stored in two ways, the finer may hold
    what the coarser has lost, whatever they are loaded as.

    Args:
        one: The first backend's id.
        other: The second's.
        precisions: What each of them rounds to.
    """
    found = [*_roundings(one, precisions[0]), *_roundings(other, precisions[1])]
    first, second = precisions
    if first.stored != second.stored:
        unit = max(first.stored_unit, second.stored_unit)
        found.append(Rounding(f"weights stored as {first.stored} and as {second.stored}", unit))
    return max(found, key=_unit)


def _roundings(backend: str, precision: Precision) -> tuple[Rounding, ...]:
    """Return what one backend rounds to, arithmetic first."""
    arithmetic = Rounding("f32 arithmetic", _PLAIN[Dtype.F32])
    if precision.accelerated:
        arithmetic = Rounding(f"f32 on the accelerator of `{backend}`", _ACCELERATED)
    loaded = precision.loaded
    weights = precision.stored if loaded is None else str(loaded)
    unit = precision.stored_unit if loaded is None else _loaded_unit(loaded)
    cache = precision.kv_type
    return (
        arithmetic,
        Rounding(f"{weights} weights of `{backend}`", unit),
        Rounding(f"{cache} KV cache of `{backend}`", _cache_unit(cache)),
    )


def _stored_unit(artifact: Artifact) -> float:
    plain = stored_dtype(artifact)
    if artifact.quantization.method is None and plain is not None:
        return _PLAIN[plain]
    return _rounded_unit(artifact.quantization.bits_per_weight)


def _loaded_unit(dtype: Dtype) -> float:
    return _rounded_unit(dtype.bits) if dtype.rounded else _PLAIN[dtype]


def _cache_unit(kv_type: KvType) -> float:
    return _rounded_unit(kv_type.bits) if kv_type.block > 1 else _PLAIN[Dtype(kv_type.value)]


def _rounded_unit(bits: float) -> float:
    return float(2.0 ** (2.0 - bits))


def _unit(rounding: Rounding) -> float:
    return rounding.unit
