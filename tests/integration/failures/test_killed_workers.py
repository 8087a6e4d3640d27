"""A worker that is killed while it answers: what was said is kept, and the next prompt works."""

import importlib.util
import signal
import time

import psutil
import pytest

from lmrt import GenerationConfig, GenerationFailed, RuntimeConfig, StreamEvent, TextDelta
from lmrt.bootstrap.client import runtime_client

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("llama_cpp") is None, reason="llama-cpp-python is not installed"
)

QUESTION = "how do I list my models?"
GUIDE = RuntimeConfig("guide")


def worker() -> psutil.Process:
    """Return the one process that was started for a model."""
    (found,) = psutil.Process().children()
    return found


class Killer:
    """A sink that kills the worker once something was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def on_event(self, event: StreamEvent) -> None:
        if isinstance(event, TextDelta):
            self.said.append(event.text)
            if len(self.said) == 3:
                worker().send_signal(signal.SIGKILL)


def test_what_was_said_is_kept_and_the_next_prompt_is_answered() -> None:
    # Nothing that makes sense, and long: it must not be over before the worker is
    endless = GenerationConfig(
        temperature=3.0, top_k=0, top_p=1.0, min_p=0.0, seed=5, max_tokens=500
    )
    with runtime_client(aliases={}, always_isolated=True) as client:
        whole = client.prompt(QUESTION, runtime_config=GUIDE, generation_config=endless)
        first = worker().pid
        sink = Killer()
        with pytest.raises(GenerationFailed) as caught:
            client.prompt(QUESTION, runtime_config=GUIDE, generation_config=endless, sink=sink)
        assert caught.value.code == "engine-crashed"
        assert caught.value.context["signal"] == "SIGKILL"
        said = caught.value.context["text"]
        assert said == "".join(sink.said)
        assert len(said) > 3
        assert whole.text.startswith(said)
        again = client.prompt(QUESTION, runtime_config=GUIDE, generation_config=endless)
        assert again.text == whole.text
        assert worker().pid != first
    assert not psutil.Process().children()


def test_a_worker_that_ends_while_nobody_asks_fails_one_prompt_at_most() -> None:
    with runtime_client(aliases={}, always_isolated=True) as client:
        asked = GenerationConfig(temperature=0.0)
        whole = client.prompt(QUESTION, runtime_config=GUIDE, generation_config=asked)
        idle = worker()
        idle.send_signal(signal.SIGSEGV)
        while idle.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        with pytest.raises(GenerationFailed) as caught:
            client.prompt(QUESTION, runtime_config=GUIDE, generation_config=asked)
        assert caught.value.code == "engine-crashed"
        again = client.prompt(QUESTION, runtime_config=GUIDE, generation_config=asked)
        assert again.text == whole.text
