"""The backend port's promises hold in any order of calls, on the fake and on every engine."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis.stateful import run_state_machine_as_test

from lmrt.adapters.fake import FakeBackend, hashed_language
from lmrt.adapters.llama_cpp import llama_cpp_backend
from lmrt.adapters.mlx import mlx_backend
from lmrt.adapters.torch import torch_backend
from lmrt.ports.backend import LoadedModel
from tests.contract.backend_machine import FEW, SHAPE, BackendMachine
from tests.support.hf_models import write_family
from tests.support.mlx_plans import following, mlx_plan
from tests.support.plans import plan_for
from tests.support.torch_plans import arrange_as_on_gpus, torch_plan

NOWHERE = Path("/nowhere/tiny.gguf")
LANGUAGE = hashed_language(32)

needs_llama_cpp = pytest.mark.skipif(
    importlib.util.find_spec("llama_cpp") is None, reason="llama-cpp-python is not installed"
)
needs_mlx = pytest.mark.skipif(
    importlib.util.find_spec("mlx_lm") is None, reason="mlx-lm is not installed"
)

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("transformers") is None or importlib.util.find_spec("torch") is None,
    reason="torch and transformers are not installed",
)


def open_fake() -> LoadedModel:
    return FakeBackend(language=LANGUAGE).load(plan_for(NOWHERE, SHAPE), NOWHERE.parent)


class FakeMachine(BackendMachine):
    open_model = staticmethod(open_fake)


def test_the_fake() -> None:
    run_state_machine_as_test(FakeMachine, settings=FEW)


def machine_over(file: Path) -> type[BackendMachine]:
    def open_file() -> LoadedModel:
        return llama_cpp_backend().load(plan_for(file, SHAPE), file.parent)

    class LlamaCppMachine(BackendMachine):
        open_model = staticmethod(open_file)

    return LlamaCppMachine


@needs_llama_cpp
@pytest.mark.parametrize("model", ["tiny", "sliding", "hybrid"])
def test_llama_cpp(model: str, request: pytest.FixtureRequest) -> None:
    file: Path = request.getfixturevalue(f"{model}_gguf")
    run_state_machine_as_test(machine_over(file), settings=FEW)


def mlx_machine_over(folder: Path) -> type[BackendMachine]:
    def open_folder() -> LoadedModel:
        return mlx_backend().load(mlx_plan(folder, following(SHAPE)), folder)

    class MlxMachine(BackendMachine):
        open_model = staticmethod(open_folder)

    return MlxMachine


@needs_mlx
@pytest.mark.parametrize("family", ["llama", "gemma3", "mistral-sliding", "mamba", "lfm2"])
def test_mlx(family: str, hf_folders: Callable[[str], Path]) -> None:
    run_state_machine_as_test(mlx_machine_over(hf_folders(family)), settings=FEW)


@needs_mlx
def test_mlx_with_a_model_that_it_does_not_batch(tmp_path: Path) -> None:
    folder = write_family("gemma2", tmp_path / "gemma2", sliding_window=4096)
    run_state_machine_as_test(mlx_machine_over(folder), settings=FEW)


def torch_machine_over(folder: Path) -> type[BackendMachine]:
    def open_folder() -> LoadedModel:
        return torch_backend().load(torch_plan(folder, SHAPE), folder)

    class TorchMachine(BackendMachine):
        open_model = staticmethod(open_folder)

    return TorchMachine


@needs_torch
@pytest.mark.parametrize("family", ["llama", "gemma3", "mixtral"])
def test_torch(family: str, hf_folders: Callable[[str], Path]) -> None:
    run_state_machine_as_test(torch_machine_over(hf_folders(family)), settings=FEW)


@needs_torch
def test_torch_arranged_as_on_gpus(
    hf_folders: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    arrange_as_on_gpus(monkeypatch)
    run_state_machine_as_test(torch_machine_over(hf_folders("gemma3")), settings=FEW)
