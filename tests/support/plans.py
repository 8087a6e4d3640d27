"""Plans made by hand, for tests that load without planning."""

from pathlib import Path

from lmrt.domain.config import Dtype, KvType
from lmrt.domain.models import (
    Artifact,
    ArtifactFile,
    ArtifactFormat,
    LocalSource,
    Quantization,
    WeightBytes,
)
from lmrt.domain.plans import (
    Candidate,
    ExecutionSettings,
    MemoryEstimate,
    OnCpu,
    Placement,
    PlanRequest,
    RuntimePlan,
    Specialization,
    SpeedEstimate,
)


def execution_settings(
    *,
    context_length: int = 512,
    kv_type: KvType = KvType.F32,
    flash_attention: bool = False,
    threads: int = 1,
    batch_size: int = 128,
    max_sequences: int = 4,
    dtype: Dtype | None = None,
) -> ExecutionSettings:
    """Return settings that suit a tiny model; F32 without flash attention is the most exact."""
    return ExecutionSettings(
        context_length=context_length,
        kv_type=kv_type,
        flash_attention=flash_attention,
        threads=threads,
        batch_threads=threads,
        batch_size=batch_size,
        max_sequences=max_sequences,
        dtype=dtype,
    )


def gguf_artifact(path: Path, architecture: str = "llama") -> Artifact:
    """Return an artifact of one GGUF file, which need not exist; only its size is looked up."""
    size = path.stat().st_size if path.is_file() else 1 << 20
    return Artifact(
        id=path.name,
        format=ArtifactFormat.GGUF,
        architecture=architecture,
        quantization=Quantization("F32", 32.0),
        files=(ArtifactFile(path.name, size),),
        weights=WeightBytes(layers=(size,), input=0, output=0),
        source=LocalSource(path.parent),
    )


def plan_for(
    path: Path,
    settings: ExecutionSettings | None = None,
    *,
    backend: str = "llama.cpp",
    placement: Placement | None = None,
) -> RuntimePlan:
    """Return a plan that runs the GGUF at `path`; load it with `path.parent` as the root."""
    artifact = gguf_artifact(path)
    return RuntimePlan(
        model_reference=str(path),
        model_name=path.stem,
        request=PlanRequest(),
        artifact=artifact,
        chosen=Candidate(
            artifact=artifact.id,
            backend=backend,
            placement=placement or OnCpu(),
            specialization=Specialization("cpu", "made by hand"),
            settings=settings or execution_settings(),
            memory=MemoryEstimate(0, 0, 0, 0, 0, 0),
            speed=SpeedEstimate(1.0, measured_bandwidth=False),
        ),
        reason="made by hand",
        notices=(),
        alternatives=(),
    )
