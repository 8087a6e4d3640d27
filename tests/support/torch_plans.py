"""Plans for the torch backend, made by hand."""

from pathlib import Path

from attrs import evolve

from lmrt.domain.models import ArtifactFormat
from lmrt.domain.plans import ExecutionSettings, Placement, RuntimePlan
from tests.support.mlx_plans import following
from tests.support.plans import execution_settings, plan_for


def torch_plan(
    folder: Path, settings: ExecutionSettings | None = None, placement: Placement | None = None
) -> RuntimePlan:
    """Return a plan that runs the directory; load it with the directory as the root.

    Weights are loaded in the type of the KV cache, which follows them, where no other is asked for.
    """
    asked = settings or execution_settings()
    if asked.dtype is None:
        asked = following(asked)
    plan = plan_for(folder / "model.safetensors", asked, backend="torch", placement=placement)
    return evolve(plan, artifact=evolve(plan.artifact, format=ArtifactFormat.SAFETENSORS))
