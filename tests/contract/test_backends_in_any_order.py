"""The backend port's promises hold in any order of calls, on the fake and on llama.cpp."""

import importlib.util
from pathlib import Path

import pytest
from hypothesis.stateful import run_state_machine_as_test

from lmrt.adapters.fake import FakeBackend, hashed_language
from lmrt.adapters.llama_cpp import llama_cpp_backend
from lmrt.ports.backend import LoadedModel
from tests.contract.backend_machine import FEW, SHAPE, BackendMachine
from tests.support.plans import plan_for

NOWHERE = Path("/nowhere/tiny.gguf")
LANGUAGE = hashed_language(32)

needs_llama_cpp = pytest.mark.skipif(
    importlib.util.find_spec("llama_cpp") is None, reason="llama-cpp-python is not installed"
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
