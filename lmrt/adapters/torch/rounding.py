"""Matrices of integers with scales, and products with them, by kernels that torch brings along.

| | a weight is | scales, in bfloat16 | bits |
|---|---|---|---|
| int8 | `q * scale`, q from -127 to 127 | one a row | 8 |
| int4 | `(q - 8) * scale + middle`, q from 0 to 15 | two for 64 columns of a row | 4.5 |

Integers are chosen for the scale as it is stored. Products are in bfloat16, which the kernels are
written for: in float32 and float16 they are twenty times slower on a CPU.
"""

from collections.abc import Callable

import torch
from attrs import frozen
from torch.nn.functional import linear

from lmrt.domain.config import Dtype

_GROUP = 64
_FEW_ROWS = 16
"""Up to here int8 products are faster from the integers than from a copy in floating point."""

Rounded = tuple[torch.Tensor, torch.Tensor]
"""Integers and scales."""


@frozen
class Rounding:
    """One way to round.

    Attributes:
        bits: Of a weight, the scales left out.
        fits: Whether a matrix of (rows, columns) can be rounded so.
        scales: The shape of the scales of a matrix of (rows, columns).
        round: Rounds a matrix, (rows, columns).
        product: Multiplies activations, (any number, columns), by a rounded matrix, transposed.
    """

    bits: int
    fits: Callable[[int, int], bool]
    scales: Callable[[int, int], tuple[int, ...]]
    round: Callable[[torch.Tensor], Rounded]
    product: Callable[[torch.Tensor, Rounded], torch.Tensor]


def _fits_int8(rows: int, columns: int) -> bool:  # noqa: ARG001 - the other one's
    return columns % 16 == 0  # the CPU's kernel crashes at others


def _scales_int8(rows: int, columns: int) -> tuple[int, ...]:  # noqa: ARG001 - the other one's
    return (rows,)


def _round_int8(weight: torch.Tensor) -> Rounded:
    values = weight.float()
    largest = values.abs().amax(dim=1, keepdim=True).clamp_min(torch.finfo(torch.float32).tiny)
    scales = (largest / 127).bfloat16()
    integers = (values / scales.float()).round().clamp(-127, 127).to(torch.int8)
    return integers, scales[:, 0]


def _product_int8(inputs: torch.Tensor, rounded: Rounded) -> torch.Tensor:
    integers, scales = rounded
    if inputs.shape[0] <= _FEW_ROWS:
        found = torch._weight_int8pack_mm(inputs.bfloat16(), integers, scales)  # noqa: SLF001
        return found.to(inputs.dtype)
    return linear(inputs, integers.to(inputs.dtype) * scales.to(inputs.dtype)[:, None])


def _fits_int4(rows: int, columns: int) -> bool:
    return rows % 16 == 0 and columns % _GROUP == 0


def _scales_int4(rows: int, columns: int) -> tuple[int, ...]:
    return (columns // _GROUP, rows, 2)


def _round_int4(weight: torch.Tensor) -> Rounded:
    rows, columns = weight.shape
    values = weight.float().reshape(rows, columns // _GROUP, _GROUP)
    low, high = values.aminmax(dim=2, keepdim=True)
    scales = ((high - low) / 15).clamp_min(torch.finfo(torch.float32).tiny).bfloat16()
    middles = (low + scales.float() * 8).bfloat16()
    integers = ((values - middles.float()) / scales.float() + 8).round().clamp(0, 15)
    pairs = torch.cat((scales, middles), dim=2).transpose(0, 1).contiguous()
    return _packed(integers.to(torch.int32).reshape(rows, columns)), pairs


def _packed(integers: torch.Tensor) -> torch.Tensor:
    """Return integers of 4 bits in the order that the device's kernel reads."""
    if integers.device.type == "cpu":
        return torch._convert_weight_to_int4pack_for_cpu(integers, 1)  # noqa: SLF001
    halves = integers.to(torch.uint8)
    bytes_ = halves[:, ::2] << 4 | halves[:, 1::2]
    tiles = 8 if integers.shape[1] % 128 == 0 else 4
    return torch._convert_weight_to_int4pack(bytes_, tiles)  # noqa: SLF001


def _product_int4(inputs: torch.Tensor, rounded: Rounded) -> torch.Tensor:
    integers, pairs = rounded
    values = inputs.bfloat16()
    if inputs.device.type == "cpu":
        found = torch._weight_int4pack_mm_for_cpu(values, integers, _GROUP, pairs)  # noqa: SLF001
    else:
        found = torch._weight_int4pack_mm(values, integers, _GROUP, pairs)  # noqa: SLF001
    return found.to(inputs.dtype)


INT8 = Rounding(8, _fits_int8, _scales_int8, _round_int8, _product_int8)
INT4 = Rounding(4, _fits_int4, _scales_int4, _round_int4, _product_int4)
ROUNDINGS = {Dtype.INT8: INT8, Dtype.INT4: INT4}
