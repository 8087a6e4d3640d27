"""Data types of weights: as they are stored, and as devices load them."""

from hypothesis import strategies as st

from lmrt.domain.config import Dtype
from lmrt.domain.machine import DeviceKind
from lmrt.domain.models import Quantization

PLAIN = (Dtype.F32, Dtype.F16, Dtype.BF16)
METHODS = ("mlx", "gptq")
ROUNDING = (
    ((Dtype.BF16, Dtype.F16), (Dtype.F32, Dtype.INT8, Dtype.INT4)),
    ((Dtype.F32,), (Dtype.BF16, Dtype.INT4, Dtype.INT8)),
)
dtype_offers = st.sampled_from(
    (
        ((), ()),  # an engine that keeps weights as they are stored
        ((), PLAIN),
        *ROUNDING,
    )
)
"""What a device computes well in, and what it can load weights as besides."""

dtypes_by_kind = st.fixed_dictionaries(dict.fromkeys(DeviceKind, dtype_offers))
"""Cards of one kind are alike."""

quantizations: st.SearchStrategy[tuple[Quantization, Dtype | None]] = st.one_of(
    st.tuples(st.builds(Quantization, st.just("Q"), st.floats(1.5, 32.0)), st.none()),
    st.sampled_from(PLAIN).map(lambda dtype: (Quantization(dtype.upper(), dtype.bits), dtype)),
    st.sampled_from(METHODS).map(lambda method: (Quantization("4-bit", 4.5, method), Dtype.F16)),
)
"""Rounded weights of a GGUF, plain ones, rounded ones of a directory with their scales' type."""
