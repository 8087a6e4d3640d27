"""Loading a directory with settings given as keywords."""

from pathlib import Path
from typing import Any

from lmrt.adapters.torch.backend import TorchBackend
from lmrt.adapters.torch.model import TorchModel
from tests.support.plans import execution_settings
from tests.support.torch_plans import torch_plan


def load(folder: Path, **settings: Any) -> TorchModel:
    """Load the directory on the CPU; see `execution_settings`."""
    model = TorchBackend().load(torch_plan(folder, execution_settings(**settings)), folder)
    assert isinstance(model, TorchModel)
    return model


def engine_model(model: TorchModel) -> Any:
    """Return the engine's own model."""
    assert model._parts is not None
    return model._parts.scratch.forward._model
