"""The torch backend keeps the backend port's promises."""

import importlib.util
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from attrs import evolve

from lmrt.adapters.torch import torch_backend
from lmrt.domain.config import Dtype
from lmrt.domain.plans import ExecutionSettings
from lmrt.ports.backend import LoadedModel, LoadProgress
from tests.contract.backend_contract import BackendContract
from tests.support.hf_models import write_family
from tests.support.plans import plan_for

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("transformers") is None or importlib.util.find_spec("torch") is None,
    reason="torch and transformers are not installed",
)


Folders = Callable[[str], tuple[Path, Path]]


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """Return a family's model, and the same with weights that are cut short."""

    @cache
    def written(family: str) -> tuple[Path, Path]:
        folder = tmp_path_factory.mktemp(family)
        good, broken = (write_family(family, folder / name) for name in ("good", "broken"))
        weights = broken / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-4096])
        return good, broken

    return written


class TorchContract(BackendContract):
    family: str
    draws = 200
    good: Path
    broken: Path

    @pytest.fixture(autouse=True)
    def _folders(self, folders: Folders) -> None:
        self.good, self.broken = folders(self.family)

    def load_model(
        self, settings: ExecutionSettings, progress: LoadProgress | None = None
    ) -> LoadedModel:
        return load(self.good, settings, progress)

    def load_broken(self, settings: ExecutionSettings) -> LoadedModel:
        return load(self.broken, settings)


def load(
    folder: Path, settings: ExecutionSettings, progress: LoadProgress | None = None
) -> LoadedModel:
    """Load with weights of the KV cache's type: here the one follows from the other."""
    typed = evolve(settings, dtype=Dtype(settings.kv_type.value))
    plan = plan_for(folder / "model.safetensors", typed, backend="torch")
    return torch_backend().load(plan, folder, progress)


class TestFullAttention(TorchContract):
    family = "llama"
    draws = 800


class TestSlidingWindow(TorchContract):
    family = "gemma3"


class TestMixtureOfExperts(TorchContract):
    family = "qwen3-moe"
