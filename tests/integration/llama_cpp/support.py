"""Loading a file with settings given as keywords."""

from pathlib import Path
from typing import Any

from lmrt.adapters.llama_cpp.backend import LlamaCppBackend
from lmrt.adapters.llama_cpp.model import LlamaCppModel
from tests.support.plans import execution_settings, plan_for


def load(file: Path, **settings: Any) -> LlamaCppModel:
    """Load the file on the CPU; see `execution_settings`."""
    model = LlamaCppBackend().load(plan_for(file, execution_settings(**settings)), file.parent)
    assert isinstance(model, LlamaCppModel)
    return model
