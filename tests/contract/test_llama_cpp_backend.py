"""The llama.cpp backend keeps the backend port's promises."""

import importlib.util
from pathlib import Path

import pytest

from lmrt.adapters.llama_cpp import llama_cpp_backend
from lmrt.domain.plans import ExecutionSettings
from lmrt.ports.backend import LoadedModel, LoadProgress
from tests.contract.backend_contract import BackendContract
from tests.support.plans import plan_for

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("llama_cpp") is None, reason="llama-cpp-python is not installed"
)


class LlamaCppContract(BackendContract):
    good: Path
    broken: Path

    @pytest.fixture(autouse=True)
    def _broken_file(self, truncated_gguf: Path) -> None:
        self.broken = truncated_gguf

    def load_model(
        self, settings: ExecutionSettings, progress: LoadProgress | None = None
    ) -> LoadedModel:
        plan = plan_for(self.good, settings)
        return llama_cpp_backend().load(plan, self.good.parent, progress)

    def load_broken(self, settings: ExecutionSettings) -> LoadedModel:
        return llama_cpp_backend().load(plan_for(self.broken, settings), self.broken.parent)


class TestFullAttention(LlamaCppContract):
    @pytest.fixture(autouse=True)
    def _good_file(self, tiny_gguf: Path) -> None:
        self.good = tiny_gguf


class TestSlidingWindow(LlamaCppContract):
    draws = 200

    @pytest.fixture(autouse=True)
    def _good_file(self, sliding_gguf: Path) -> None:
        self.good = sliding_gguf


class TestRecurrentState(LlamaCppContract):
    draws = 200

    @pytest.fixture(autouse=True)
    def _good_file(self, recurrent_gguf: Path) -> None:
        self.good = recurrent_gguf


class TestHybrid(LlamaCppContract):
    draws = 200

    @pytest.fixture(autouse=True)
    def _good_file(self, hybrid_gguf: Path) -> None:
        self.good = hybrid_gguf
