"""How much of a processor the engine reaches, by what the weights are."""

from lmrt.domain.machine import DeviceKind
from lmrt.domain.probes import BackendDevice, WeightSpeed

# Fitted to models of 20 and 100 million weights, one thread of an x86-64 CPU with AVX-512 BF16
# (`python -m benchmarks.speed` holds them against others). Unpacking the smaller types takes longer
# than reading them; a prompt is multiplied in integers, of which there are more a second than f32.
_CPU = BackendDevice(
    "cpu",
    DeviceKind.CPU,
    efficiency=0.6,
    speeds=(
        WeightSpeed("", reading=0.6, lone=0.45, batched=0.75),
        WeightSpeed("F32", reading=0.9, lone=0.25, batched=0.7),
        WeightSpeed("F16", reading=1.0, lone=0.3, batched=0.7),
        WeightSpeed("BF16", reading=0.9, lone=0.3, batched=0.7),
        WeightSpeed("Q8_0", reading=0.85, lone=0.5, batched=0.85),
        WeightSpeed("Q4_0", reading=0.75, lone=0.55, batched=1.1),
        WeightSpeed("Q4_K", reading=0.65, lone=0.55, batched=1.1),
    ),
    attention=0.2,
    layer_seconds=5e-5,
    thread_seconds=1e-5,
)

# Llama 3.1 8B in Q4_K_M, by llama-bench on an M1 Max (46 tokens a second, prompts at 500) and an M4
# (21 and 225), as reported in issues 40 and 3 of github.com/brand-o/normiebench.
_METAL = (WeightSpeed("", reading=0.65, lone=1.0, batched=0.7),)

# Typical, not measured.
_CUDA = (WeightSpeed("", reading=0.7, lone=1.0, batched=0.4),)


def backend_device(name: str, kind: DeviceKind) -> BackendDevice:
    """Return the device with what the engine reaches on its kind."""
    match kind:
        case DeviceKind.CPU:
            return _CPU
        case DeviceKind.METAL:
            return BackendDevice(name, kind, 0.65, speeds=_METAL, attention=0.3, layer_seconds=2e-5)
        case DeviceKind.CUDA:
            return BackendDevice(name, kind, 0.7, speeds=_CUDA, attention=0.2, layer_seconds=2e-5)
