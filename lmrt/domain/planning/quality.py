"""How good weights are that were rounded, in bits.

How much more perplexed Llama 3 8B is (base 6.2) once it is rounded, as llama.cpp's
`tools/quantize/quantize.cpp` tells: `Q6_K` 0.02, `Q5_K_M` 0.06, `Q4_K_M` 0.18, `Q3_K_M` 0.66,
`Q2_K` 3.52. The older types do worse than their size says: `Q4_0` 0.47, `Q4_1` 0.45, `Q5_0` 0.13
and `Q5_1` 0.11, as much as the newer ones with 0.3 to 0.7 bits less.
"""

from lmrt.domain.config import Dtype
from lmrt.domain.models import Quantization

_BEST_BITS = 16.0
_OLDER, _OLDER_LOSS = frozenset({"Q4_0", "Q4_1", "Q5_0", "Q5_1"}), 0.5
_ROUGH = (4.25, 3.5)
"""Bits a weight below which a model is rounded roughly, and very roughly: between the mixes of 4,
3 and 2 bits. Half the context is the smaller loss."""


def quality_bits(quantization: Quantization, dtype: Dtype | None) -> float:
    """Return what weights are worth in bits of the newer types.

    Args:
        quantization: How they are stored.
        dtype: What they are loaded as, or None for as they are stored.
    """
    bits = quantization.bits_per_weight
    if quantization.name in _OLDER:
        bits -= _OLDER_LOSS
    if dtype is not None:
        bits = min(bits, dtype.bits)
    return min(bits, _BEST_BITS)


def roughness(quantization: Quantization) -> int:
    """Return 0 for weights that are not rounded roughly, 1 for roughly, 2 for very roughly."""
    return sum(quantization.bits_per_weight < limit for limit in _ROUGH)
