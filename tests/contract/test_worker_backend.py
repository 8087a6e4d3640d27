"""A backend in a process of its own keeps the backend port's promises."""

import importlib.util
import sys
from pathlib import Path

import pytest

from lmrt.adapters.fake import FakeBackend, fake_probe
from lmrt.adapters.llama_cpp import llama_cpp_backend
from lmrt.adapters.worker import WorkerBackend
from lmrt.bootstrap.engines import isolated
from lmrt.domain.errors import LoadFailed
from lmrt.domain.failures import Malformed
from lmrt.domain.plans import ExecutionSettings
from lmrt.ports.backend import LoadedModel, LoadProgress
from lmrt.wire.plan import plan_payload
from tests.contract.backend_contract import PROMPT, BackendContract
from tests.support.plans import plan_for
from tests.support.sequences import request, run

NOWHERE = Path("/nowhere/tiny.gguf")
COMMAND = (sys.executable, "-m", "tests.support.worker_child")


class TestWorkerAroundTheFake(BackendContract):
    draws = 200

    def load_model(
        self, settings: ExecutionSettings, progress: LoadProgress | None = None
    ) -> LoadedModel:
        plan = plan_for(NOWHERE, settings, backend="fake")
        return self._backend("fake").load(plan, NOWHERE.parent, progress)

    def load_broken(self, settings: ExecutionSettings) -> LoadedModel:
        return self._backend("refused").load(plan_for(NOWHERE, settings), NOWHERE.parent)

    def _backend(self, name: str) -> WorkerBackend:
        return WorkerBackend(FakeBackend(fake_probe(name)), COMMAND, plan_payload)


needs_llama_cpp = pytest.mark.skipif(
    importlib.util.find_spec("llama_cpp") is None, reason="llama-cpp-python is not installed"
)


@needs_llama_cpp
def test_llama_cpp_there_says_what_it_says_here(tiny_gguf: Path, truncated_gguf: Path) -> None:
    here = llama_cpp_backend()
    (there,) = isolated([here])
    plan = plan_for(tiny_gguf)
    models = [backend.load(plan, tiny_gguf.parent) for backend in (here, there)]
    asked = request(PROMPT, logprobs=2)
    one, other = (run(model, asked).events for model in models)
    assert one == other
    assert list(models[0].logits(PROMPT)) == list(models[1].logits(PROMPT))
    assert models[0].facts == models[1].facts
    for model in models:
        model.close()
    failures = []
    for backend in (here, there):
        with pytest.raises(LoadFailed) as caught:
            backend.load(plan_for(truncated_gguf), truncated_gguf.parent)
        failures.append((caught.value.code, caught.value.note, caught.value.failure))
    assert failures[0] == failures[1]
    assert isinstance(failures[0][2], Malformed)


@pytest.mark.soak
@needs_llama_cpp
class TestWorkerAroundLlamaCpp(BackendContract):
    draws = 200

    @pytest.fixture(autouse=True)
    def _files(self, tiny_gguf: Path, truncated_gguf: Path) -> None:
        self.good, self.broken = tiny_gguf, truncated_gguf

    def load_model(
        self, settings: ExecutionSettings, progress: LoadProgress | None = None
    ) -> LoadedModel:
        (backend,) = isolated([llama_cpp_backend()])
        return backend.load(plan_for(self.good, settings), self.good.parent, progress)

    def load_broken(self, settings: ExecutionSettings) -> LoadedModel:
        (backend,) = isolated([llama_cpp_backend()])
        return backend.load(plan_for(self.broken, settings), self.broken.parent)
