"""Loading a directory with settings given as keywords."""

from pathlib import Path
from typing import Any

from lmrt.adapters.mlx.backend import MlxBackend
from lmrt.adapters.mlx.model import MlxModel
from tests.support.mlx_plans import mlx_plan
from tests.support.plans import execution_settings


def load(folder: Path, **settings: Any) -> MlxModel:
    """Load the directory on the CPU, weights as they are stored; see `execution_settings`."""
    plan = mlx_plan(folder, execution_settings(**settings))
    model = MlxBackend().load(plan, folder)
    assert isinstance(model, MlxModel)
    return model
