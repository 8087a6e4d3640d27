"""A worker process: how it ends, and what its parent makes of it."""

import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from lmrt.adapters.fake import FakeBackend, fake_probe
from lmrt.adapters.worker import WorkerBackend
from lmrt.adapters.worker.messages import WorkerDefect
from lmrt.adapters.worker.model import WorkerModel
from lmrt.domain.errors import GenerationFailed, LoadFailed
from lmrt.domain.failures import EngineCrashed, EngineUnusable, Malformed, OutOfMemory, failure_of
from lmrt.wire.plan import plan_payload
from tests.support.plans import plan_for
from tests.support.sequences import admit, request, run
from tests.support.worker_child import BROKEN, LEAVES, NO_MEMORY, REFUSES

NOWHERE = Path("/nowhere/tiny.gguf")
COMMAND = (sys.executable, "-m", "tests.support.worker_child")
SIGNALS = ("SIGKILL", "SIGSEGV", "SIGILL", "SIGABRT")


def load(
    name: str = "fake",
    progress: Callable[[float], None] | None = None,
    command: tuple[str, ...] = COMMAND,
) -> WorkerModel:
    backend = WorkerBackend(FakeBackend(fake_probe(name)), command, plan_payload)
    loaded = backend.load(plan_for(NOWHERE, backend=name), NOWHERE.parent, progress)
    assert isinstance(loaded, WorkerModel)
    return loaded


def failing(name: str) -> LoadFailed:
    with pytest.raises(LoadFailed) as caught:
        load(name)
    assert not children()
    return caught.value


def children() -> list[psutil.Process]:
    """Return the processes that this one has started, zombies among them."""
    return psutil.Process().children(recursive=True)


def wait_for(gone: Callable[[], bool]) -> None:
    for _ in range(1000):
        if gone():
            return
        time.sleep(0.01)
    raise AssertionError("it is still there")


@pytest.fixture(autouse=True)
def _nothing_is_left() -> object:
    assert not children()
    yield
    gc.collect()
    assert not children()


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_during_a_load_is_a_failure_with_its_name(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    error = failing(name)
    assert error.code == "engine-crashed"
    assert isinstance(error.failure, EngineCrashed)
    assert error.failure.signal == name
    assert error.failure.for_memory == (name == "SIGKILL")
    assert name in error.message
    assert error.note is not None
    assert "the engine's last words" in error.note
    assert capfd.readouterr() == ("", "")


def test_a_process_that_leaves_is_a_failure_too() -> None:
    error = failing(LEAVES)
    assert error.failure == EngineCrashed(None, "on stdout; the engine's last words")


def test_errors_keep_their_type_and_all_they_tell() -> None:
    error = failing(REFUSES)
    assert (error.code, error.hint) == ("malformed-file", "do that")
    assert error.context == {"path": "/nowhere"}
    assert isinstance(failure_of(error), Malformed)


def test_failures_keep_their_type() -> None:
    assert failing(NO_MEMORY).failure == OutOfMemory("cuda:0", "cudaMalloc failed")


def test_a_defect_there_is_a_defect_here() -> None:
    with pytest.raises(WorkerDefect, match="what nobody expected"):
        load(BROKEN)


def test_a_command_that_cannot_be_started_is_a_failure() -> None:
    with pytest.raises(LoadFailed) as caught:
        load(command=("/nowhere/python",))
    assert isinstance(caught.value.failure, EngineUnusable)


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_during_an_answer_ends_the_model_only(name: str) -> None:
    model = load()
    admit(model, request([1, 2, 3], max_tokens=None))
    model.step()
    os.kill(model.pid, signal.Signals[name])
    wait_for(lambda: psutil.Process(model.pid).status() == psutil.STATUS_ZOMBIE)
    for _ in range(2):
        with pytest.raises(GenerationFailed) as caught:
            model.step()
        assert caught.value.code == "engine-crashed"
        assert caught.value.context == {"backend": "fake", "signal": name}
    model.close()
    fresh = load()
    assert len(run(fresh, request([1, 2, 3])).tokens) == 16
    fresh.close()


def test_a_failed_step_is_the_same_failure_again() -> None:
    model = load("fails-at-step")
    with pytest.raises(GenerationFailed) as caught:
        run(model, request([1, 2, 3]))
    assert caught.value.code == "generation-failed"
    with pytest.raises(GenerationFailed):
        model.step()
    model.close()


def test_a_release_after_the_end_is_ignored() -> None:
    model = load()
    handle = admit(model, request([1, 2, 3]))
    os.kill(model.pid, signal.SIGKILL)
    wait_for(lambda: psutil.Process(model.pid).status() == psutil.STATUS_ZOMBIE)
    model.release(handle)
    model.close()
    model.release(handle)


def test_what_progress_raises_ends_the_load() -> None:
    def stop(_share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(progress=stop)


def test_a_model_that_is_forgotten_leaves_no_process() -> None:
    model = load()
    process = psutil.Process(model.pid)
    del model
    gc.collect()
    wait_for(lambda: not process.is_running())


PARENT = """
import sys
from tests.unit.worker.test_worker_processes import load
from tests.support.sequences import admit, request
model = load()
admit(model, request([1, 2, 3], max_tokens=None))
print(model.pid, flush=True)
while True:
    model.step()
"""


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_the_end_of_the_parent_ends_the_worker(name: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        worker = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(signal.Signals[name])
    wait_for(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)
