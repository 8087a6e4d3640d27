"""Plans made by hand for Hugging Face directories, for tests that load without planning."""

from pathlib import Path

from attrs import evolve

from lmrt.adapters.safetensors.reader import SafetensorsReader
from lmrt.domain.config import Dtype, KvType
from lmrt.domain.plans import ExecutionSettings, Placement, RuntimePlan
from tests.support.plans import execution_settings, plan_for

_FOLLOWED = {KvType.F32: Dtype.F32, KvType.F16: Dtype.F16, KvType.BF16: Dtype.BF16}


def mlx_plan(
    folder: Path,
    settings: ExecutionSettings | None = None,
    *,
    placement: Placement | None = None,
) -> RuntimePlan:
    """Return a plan that runs a directory on MLX; load it with the folder as the root."""
    (described,) = SafetensorsReader().read(folder)
    plan = plan_for(folder, settings, backend="mlx", placement=placement)
    artifact = described.artifact
    return evolve(plan, artifact=artifact, chosen=evolve(plan.chosen, artifact=artifact.id))


def following(settings: ExecutionSettings | None = None) -> ExecutionSettings:
    """Return settings with the weights' type that gives the KV cache the type that is asked for."""
    asked = settings or execution_settings()
    return evolve(asked, dtype=_FOLLOWED.get(asked.kv_type))
