"""The devices that the backend offers, with the data types that each computes well in."""

from collections.abc import Sequence
from pathlib import Path

from lmrt.adapters.torch.cuda import Capability
from lmrt.domain.config import Dtype
from lmrt.domain.machine import DeviceKind
from lmrt.domain.probes import BackendDevice, WeightSpeed

_BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})
_BF16_CAPABILITY = (8, 0)

# Share of the memory's speed. The GPUs' are typical figures, not measured.
_CPU_EFFICIENCY, _CUDA_EFFICIENCY, _METAL_EFFICIENCY = 0.5, 0.6, 0.5

# Fitted to models of 20 and 100 million weights on one core of an x86-64 CPU with AVX-512 BF16
# (`python -m benchmarks.speed` holds them against others). Each layer costs a millisecond of calls.
_CPU_SPEEDS = (
    WeightSpeed("", reading=0.5, lone=0.15, batched=0.5),
    WeightSpeed("F32", reading=0.5, lone=0.15, batched=0.65),
    WeightSpeed("BF16", reading=0.9, lone=0.25, batched=1.3),
    WeightSpeed("F16", reading=0.5, lone=0.1, batched=0.16),
)
_CPU_LAYER, _GPU_LAYER = 8e-4, 2e-4
_CUDA_SPEEDS = (
    WeightSpeed("", reading=0.6, lone=1.0, batched=0.4),
    WeightSpeed("F32", reading=0.6, lone=0.5, batched=0.15),
)
_METAL_SPEEDS = (WeightSpeed("", reading=0.5, lone=1.0, batched=0.5),)


def cuda_devices(found: Sequence[Capability | None]) -> tuple[BackendDevice, ...]:
    """Return the NVIDIA GPUs; `found` are their capabilities, as far as the driver tells."""
    return tuple(_cuda_device(index, capability) for index, capability in enumerate(found))


def _cuda_device(index: int, capability: Capability | None) -> BackendDevice:
    native = capability is not None and capability >= _BF16_CAPABILITY
    # The kernels for rounded weights compute in bfloat16.
    rounded = (Dtype.INT8, Dtype.INT4) if native else ()
    return BackendDevice(
        f"cuda:{index}",
        DeviceKind.CUDA,
        _CUDA_EFFICIENCY,
        dtypes=(Dtype.BF16, Dtype.F16) if native else (Dtype.F16,),
        other_dtypes=(Dtype.F32, *rounded),
        speeds=_CUDA_SPEEDS,
        attention=0.3,
        layer_seconds=_GPU_LAYER,
    )


def metal_device() -> BackendDevice:
    """Return the GPU of an Apple chip."""
    return BackendDevice(
        "metal",
        DeviceKind.METAL,
        _METAL_EFFICIENCY,
        dtypes=(Dtype.F16, Dtype.BF16),
        other_dtypes=(Dtype.F32,),
        speeds=_METAL_SPEEDS,
        attention=0.3,
        layer_seconds=_GPU_LAYER,
    )


def cpu_device(flags: frozenset[str]) -> BackendDevice:
    """Return the CPU, whose instructions `flags` names.

    With instructions for bfloat16, models in it stay as they are, which takes half the memory. With
    AVX-512 BF16, one core and 190 million weights it gave 34 tokens a second against 17 in float32,
    and 420 tokens of prompts against 200 (see `processor` for single products). In float16 a prompt
    takes four times as long as in float32.
    """
    native = bool(_BF16_FLAGS & flags)
    return BackendDevice(
        "cpu",
        DeviceKind.CPU,
        _CPU_EFFICIENCY,
        dtypes=(Dtype.F32, Dtype.BF16) if native else (Dtype.F32,),
        other_dtypes=(*(() if native else (Dtype.BF16,)), Dtype.F16, Dtype.INT8, Dtype.INT4),
        speeds=_CPU_SPEEDS,
        attention=0.5,
        layer_seconds=_CPU_LAYER,
    )


def cpu_flags(cpuinfo: Path) -> frozenset[str]:
    """Return the names of the CPU's instruction sets; none where Linux does not tell."""
    try:
        with cpuinfo.open(encoding="utf-8", errors="replace") as lines:
            flags = next((line for line in lines if line.startswith("flags")), "")
    except OSError:
        return frozenset()
    return frozenset(flags.partition(":")[2].split())
