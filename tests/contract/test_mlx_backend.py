"""The MLX backend keeps the backend port's promises."""

import importlib.util
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest

from lmrt.adapters.mlx import mlx_backend
from lmrt.domain.plans import ExecutionSettings
from lmrt.ports.backend import LoadedModel, LoadProgress
from tests.contract.backend_contract import BackendContract
from tests.support.mlx_plans import following, mlx_plan

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("mlx_lm") is None, reason="mlx-lm is not installed"
)


class MlxContract(BackendContract):
    family: ClassVar[str]
    good: Path
    broken: Path

    @pytest.fixture(autouse=True)
    def _folders(self, hf_folders: Callable[[str], Path], tmp_path: Path) -> None:
        self.good = hf_folders(self.family)
        self.broken = shutil.copytree(self.good, tmp_path / "broken")
        config = json.loads((self.broken / "config.json").read_text("utf-8"))
        config["vocab_size"] += 1  # an embedding for which there are no weights
        (self.broken / "config.json").write_text(json.dumps(config), "utf-8")

    def load_model(
        self, settings: ExecutionSettings, progress: LoadProgress | None = None
    ) -> LoadedModel:
        plan = mlx_plan(self.good, following(settings))
        return mlx_backend().load(plan, self.good, progress)

    def load_broken(self, settings: ExecutionSettings) -> LoadedModel:
        return mlx_backend().load(mlx_plan(self.good, following(settings)), self.broken)


class TestFullAttention(MlxContract):
    family = "llama"


class TestSlidingWindow(MlxContract):
    """Of some layers; the engine's own code masks them."""

    draws = 200
    family = "gemma3"


class TestWindowOfCaches(MlxContract):
    """Of every layer; the engine's code knows nothing of it, the caches mask."""

    draws = 200
    family = "mistral-sliding"


class TestRecurrentState(MlxContract):
    draws = 200
    family = "mamba"


class TestHybrid(MlxContract):
    draws = 200
    family = "lfm2"
