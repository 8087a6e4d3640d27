"""Models, machines and probes of realistic sizes, to plan with."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import evolve

from lmrt.domain.config import KvType
from lmrt.domain.generation import GenerationConfig
from lmrt.domain.machine import Accelerator, DeviceKind, Machine, Processor
from lmrt.domain.messages import Modality
from lmrt.domain.models import (
    ArchitectureShape,
    Artifact,
    ArtifactFile,
    ArtifactFormat,
    FullAttention,
    LayerShape,
    LocalSource,
    Quantization,
    ResolvedModel,
    WeightBytes,
)
from lmrt.domain.probes import (
    Available,
    BackendDevice,
    BackendProbe,
    Feature,
    Unavailable,
    UnavailableReason,
)

MIB = 2**20
GIB = 2**30

LLAMA_8B = ArchitectureShape(
    layers=(FullAttention(8, 128, 128),) * 32,
    hidden_size=4096,
    heads=32,
    feed_forward_size=14336,
    vocabulary_size=128_256,
)
_LAYER_PARAMETERS = 4096 * (4096 * 2 + 1024 * 2) + 3 * 4096 * 14336
_EMBEDDING_PARAMETERS = 128_256 * 4096


def artifact_8b(name: str, bits: float, **changes: Any) -> Artifact:
    """Return an 8 billion weight GGUF of so many bits a weight, its head not tied."""
    layer = int(_LAYER_PARAMETERS * bits / 8)
    embedding = int(_EMBEDDING_PARAMETERS * bits / 8)
    weights = WeightBytes((layer,) * 32, embedding, embedding)
    artifact = Artifact(
        id=name,
        format=ArtifactFormat.GGUF,
        architecture="llama",
        quantization=Quantization(name.removesuffix(".gguf"), bits),
        files=(ArtifactFile(name, weights.total + 4096),),
        weights=weights,
        source=LocalSource(Path("/models")),
    )
    return evolve(artifact, **changes)


Q4 = artifact_8b("Q4_K_M.gguf", 4.85)
Q8 = artifact_8b("Q8_0.gguf", 8.5)
F16 = artifact_8b("F16.gguf", 16.0)


def model(
    *artifacts: Artifact,
    shape: ArchitectureShape = LLAMA_8B,
    layers: Sequence[LayerShape] | None = None,
    **changes: Any,
) -> ResolvedModel:
    """Return a model of the Llama 3 8B shape, or of other layers."""
    resolved = ResolvedModel(
        reference="llama3:8b",
        name="Llama 3 8B",
        location="/models",
        resolved_as="alias",
        shape=shape if layers is None else evolve(shape, layers=tuple(layers)),
        modalities=frozenset({Modality.TEXT}),
        trained_context=131_072,
        chat_template=None,
        generation_defaults=GenerationConfig(),
        artifacts=artifacts or (Q4,),
    )
    return evolve(resolved, **changes)


def machine(memory: int, free: int | None = None, **changes: Any) -> Machine:
    """Return a Linux machine with 8 cores and so much main memory."""
    plain = Machine(
        system="Linux",
        architecture="x86_64",
        processor=Processor("Test CPU", 8, 16),
        memory_total=memory,
        memory_free=memory if free is None else free,
        memory_bandwidth=50e9,
    )
    return evolve(plain, **changes)


def gpu(memory: int, free: int | None = None, device: str = "cuda:0") -> Accelerator:
    """Return a CUDA card with so much memory."""
    return Accelerator(
        device=device,
        kind=DeviceKind.CUDA,
        name="Test GPU",
        memory_total=memory,
        memory_free=memory if free is None else free,
        memory_bandwidth=500e9,
    )


def metal(memory: int) -> Accelerator:
    """Return the GPU of an Apple machine; it shares the main memory."""
    return Accelerator("metal", DeviceKind.METAL, "Apple M", memory, None, unified=True)


ON_CPU = BackendDevice("cpu", DeviceKind.CPU, 0.8)
ON_GPU = BackendDevice("cuda:0", DeviceKind.CUDA, 0.8)
ON_METAL = BackendDevice("metal", DeviceKind.METAL, 0.8)


def gguf_backend(*devices: BackendDevice, **changes: Any) -> BackendProbe:
    """Return a backend that reads GGUF, splits layers and rounds contexts to 256."""
    probe = BackendProbe(
        backend="alpha",
        availability=Available("1.0"),
        devices=devices or (ON_CPU,),
        formats=frozenset({ArtifactFormat.GGUF}),
        features=frozenset({Feature.FLASH_ATTENTION, Feature.PARTIAL_OFFLOAD}),
        kv_types=(KvType.F16, KvType.F32, KvType.Q8_0, KvType.Q4_0),
        context_rounding=256,
        overhead=64 * MIB,
        device_overhead=256 * MIB,
        max_sequences=8,
    )
    return evolve(probe, **changes)


def missing_backend(name: str = "beta", **changes: Any) -> BackendProbe:
    """Return a backend that is not installed and would read safetensors."""
    gone = Unavailable(
        UnavailableReason.NOT_INSTALLED, f"`{name}` is not installed", f"pip install {name}"
    )
    probe = BackendProbe(name, gone, formats=frozenset({ArtifactFormat.SAFETENSORS}))
    return evolve(probe, **changes)
