"""How much of a processor the engine reaches, by what the weights are."""

from lmrt.domain.config import Dtype
from lmrt.domain.machine import DeviceKind
from lmrt.domain.probes import BackendDevice, WeightSpeed

_DTYPES = (Dtype.F32, Dtype.F16, Dtype.BF16)

# Of its build for Linux, whose BLAS is a reference one. bfloat16 decoded at 0.08 of the memory's
# speed; f32 was fitted to 20 million weights (`python -m benchmarks.speed`).
CPU = BackendDevice(
    "cpu",
    DeviceKind.CPU,
    efficiency=0.08,
    other_dtypes=_DTYPES,
    speeds=(
        WeightSpeed("", reading=0.08, lone=0.02, batched=0.02),
        WeightSpeed("F32", reading=0.3, lone=0.02, batched=0.023),
    ),
    attention=0.02,
    layer_seconds=1e-4,
)

# The GPU's are typical figures, not measured.
METAL = BackendDevice(
    "metal",
    DeviceKind.METAL,
    efficiency=0.7,
    other_dtypes=_DTYPES,
    speeds=(WeightSpeed("", reading=0.7, lone=1.0, batched=0.7),),
    attention=0.3,
    layer_seconds=3e-5,
)
