"""One engine thread serves everyone, in order, and tells everyone when it fails."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lmrt.adapters.fake import FakeBackend
from lmrt.application.scheduler import Scheduler
from lmrt.domain.errors import ConfigurationError, GenerationFailed, LoadFailed
from lmrt.domain.sampling import GREEDY
from lmrt.domain.sequences import (
    AtCapacity,
    EndReason,
    LoadedFacts,
    SequenceEnded,
    SequenceEvent,
    SequenceHandle,
    SequenceRequest,
    TokenSampled,
)
from lmrt.ports.backend import LoadedModel
from tests.support.plans import execution_settings, plan_for

PLAN = plan_for(Path("fake.gguf"), execution_settings(context_length=256, max_sequences=2))
ROOT = Path()


def request(text: bytes = b"hello", tokens: int | None = 5) -> SequenceRequest:
    return SequenceRequest(tokens=tuple(text), sampling=GREEDY, max_tokens=tokens)


def scheduler_of(backend: FakeBackend) -> Scheduler:
    return Scheduler(lambda: backend.load(PLAN, ROOT), "test")


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    scheduler = scheduler_of(FakeBackend())
    yield scheduler
    scheduler.close()


def tokens_of(scheduler: Scheduler, asked: SequenceRequest) -> list[int]:
    return [event.token for event in scheduler.submit(asked) if isinstance(event, TokenSampled)]


def test_a_sequence_is_served_from_another_thread(scheduler: Scheduler) -> None:
    events = list(scheduler.submit(request()))
    assert isinstance(events[-1], SequenceEnded)
    assert events[-1].reason is EndReason.MAX_TOKENS
    assert sum(isinstance(event, TokenSampled) for event in events) == 5


def test_more_sequences_than_the_model_takes_wait_and_are_served(scheduler: Scheduler) -> None:
    prompts = [bytes([65 + index]) * 8 for index in range(12)]
    alone = [tokens_of(scheduler, request(prompt)) for prompt in prompts]
    with ThreadPoolExecutor(12) as pool:
        together = list(pool.map(lambda prompt: tokens_of(scheduler, request(prompt)), prompts))
    assert together == alone


class Watched:
    """A model that keeps the threads it is used from; `release` may come from any."""

    def __init__(self, model: LoadedModel, threads: set[int]) -> None:
        self._model, self._threads = model, threads

    @property
    def facts(self) -> LoadedFacts:
        return self._model.facts

    def admit(self, request: SequenceRequest) -> SequenceHandle | AtCapacity:
        self._threads.add(threading.get_ident())
        return self._model.admit(request)

    def step(self) -> Sequence[SequenceEvent]:
        self._threads.add(threading.get_ident())
        return self._model.step()

    def release(self, handle: SequenceHandle) -> None:
        self._model.release(handle)

    def logits(self, tokens: Sequence[int]) -> Sequence[float]:
        self._threads.add(threading.get_ident())
        return self._model.logits(tokens)

    def close(self) -> None:
        self._threads.add(threading.get_ident())
        self._model.close()


def test_the_model_is_used_from_one_thread_only() -> None:
    threads: set[int] = set()

    def load() -> LoadedModel:
        threads.add(threading.get_ident())
        return Watched(FakeBackend().load(PLAN, ROOT), threads)

    scheduler = Scheduler(load, "watched")
    for _ in range(3):
        tokens_of(scheduler, request())
    scheduler.run(lambda model: model.logits([1]))
    scheduler.close()
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_a_failed_load_is_raised_here_and_leaves_no_thread() -> None:
    before = threading.active_count()
    failure = LoadFailed("no", code="engine-load-failed")
    with pytest.raises(LoadFailed) as caught:
        scheduler_of(FakeBackend(load_failure=failure))
    assert caught.value is failure
    for thread in threading.enumerate():
        if thread.name.startswith("lmrt-test"):
            thread.join(5)
    assert threading.active_count() <= before


def test_an_engine_that_fails_tells_everyone_and_refuses_the_next() -> None:
    scheduler = scheduler_of(FakeBackend(fail_at_step=4))
    streams = [scheduler.submit(request(tokens=50)) for _ in range(4)]
    for stream in streams:
        with pytest.raises(GenerationFailed):
            list(stream)
    with pytest.raises(GenerationFailed):
        scheduler.submit(request())
    scheduler.close()


def test_a_sequence_that_fails_leaves_the_others_alone() -> None:
    scheduler = scheduler_of(FakeBackend(fail_sequence_at=3))
    with pytest.raises(GenerationFailed) as caught:
        list(scheduler.submit(request()))
    assert caught.value.code == "generation-failed"
    assert len(tokens_of(scheduler, request(tokens=2))) == 2
    scheduler.close()


def test_a_refused_request_reaches_its_caller_only(scheduler: Scheduler) -> None:
    with pytest.raises(ConfigurationError) as caught:
        list(scheduler.submit(request(b"x" * 300)))
    assert caught.value.code == "prompt-too-long"
    assert len(tokens_of(scheduler, request())) == 5


def test_a_cancelled_sequence_ends(scheduler: Scheduler) -> None:
    stream = scheduler.submit(request(tokens=None))
    seen = 0
    for event in stream:
        seen += isinstance(event, TokenSampled)
        if seen == 3:
            stream.cancel()
        last = event
    assert isinstance(last, SequenceEnded)
    assert last.reason in (EndReason.RELEASED, EndReason.CONTEXT_FULL)
    stream.cancel()
    assert len(tokens_of(scheduler, request())) == 5


def test_closing_ends_what_is_live_and_what_waits() -> None:
    scheduler = scheduler_of(FakeBackend())
    streams = [scheduler.submit(request(tokens=None)) for _ in range(6)]
    scheduler.close()
    scheduler.close()
    for stream in streams:
        try:
            events = list(stream)
        except ConfigurationError as error:
            assert error.code == "runtime-closed"  # noqa: PT017 - one of two ways to end
        else:
            assert isinstance(events[-1], SequenceEnded)
    with pytest.raises(ConfigurationError):
        scheduler.submit(request())


def test_a_call_gets_the_model(scheduler: Scheduler) -> None:
    logits = scheduler.run(lambda model: model.logits([1, 2, 3]))
    assert len(logits) == scheduler.facts.vocabulary_size
