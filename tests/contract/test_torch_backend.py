"""The torch backend keeps the backend port's promises."""

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lmrt.adapters.torch import torch_backend
from lmrt.domain.plans import ExecutionSettings
from lmrt.ports.backend import LoadedModel, LoadProgress
from tests.contract.backend_contract import BackendContract
from tests.support.torch_plans import arrange_as_on_gpus, torch_plan

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("transformers") is None or importlib.util.find_spec("torch") is None,
    reason="torch and transformers are not installed",
)


class TorchContract(BackendContract):
    family: str
    draws = 200
    good: Path
    broken: Path

    @pytest.fixture(autouse=True)
    def _folders(self, hf_folders: Callable[[str], Path], tmp_path: Path) -> None:
        self.good = hf_folders(self.family)
        self.broken = Path(shutil.copytree(self.good, tmp_path / "broken"))
        weights = self.broken / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-4096])

    def load_model(
        self, settings: ExecutionSettings, progress: LoadProgress | None = None
    ) -> LoadedModel:
        return load(self.good, settings, progress)

    def load_broken(self, settings: ExecutionSettings) -> LoadedModel:
        return load(self.broken, settings)


def load(
    folder: Path, settings: ExecutionSettings, progress: LoadProgress | None = None
) -> LoadedModel:
    return torch_backend().load(torch_plan(folder, settings), folder, progress)


class TestFullAttention(TorchContract):
    family = "llama"
    draws = 800


class TestSlidingWindow(TorchContract):
    family = "gemma3"


class TestArrangedAsOnGpus(TorchContract):
    """All sequences in one attention, with masks, and decoding played from recordings."""

    family = "gemma3"

    @pytest.fixture(autouse=True)
    def _arrange(self, monkeypatch: pytest.MonkeyPatch) -> None:
        arrange_as_on_gpus(monkeypatch)


class TestMixtureOfExperts(TorchContract):
    family = "qwen3-moe"
