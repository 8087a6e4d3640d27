"""Plans for the torch backend, made by hand, and GPUs' ways on a CPU."""

from collections.abc import Callable
from pathlib import Path

import pytest
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


class _Again:
    """Records in the way of a GPU's recorder, as far as a CPU can: it computes again."""

    def record(self, compute: Callable[[], None]) -> Callable[[], None]:
        compute()
        return compute


def arrange_as_on_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let models that are loaded from now on compute as on an NVIDIA GPU.

    All sequences go through one attention, with masks, and decoding is played from recordings.
    """
    from lmrt.adapters.torch import loading

    monkeypatch.setattr(loading, "arrangement_on", lambda _device: (False, _Again()))
