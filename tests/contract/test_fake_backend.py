"""The fake backend keeps the backend port's promises."""

from pathlib import Path

import pytest

from lmrt.adapters.fake import FakeBackend, hashed_language, scripted_language
from lmrt.adapters.fake.tokenizer import CONTROL_TOKENS
from lmrt.domain.errors import GenerationFailed, LoadFailed
from lmrt.domain.plans import ExecutionSettings
from lmrt.domain.sequences import EndReason, SequenceFailed
from lmrt.ports.backend import LoadedModel, LoadProgress
from tests.contract.backend_contract import PROMPT, BackendContract
from tests.support.plans import execution_settings, plan_for
from tests.support.sequences import request, run

NOWHERE = Path("/nowhere/tiny.gguf")
LANGUAGE = hashed_language(64)


def load(backend: FakeBackend, settings: ExecutionSettings | None = None) -> LoadedModel:
    return backend.load(plan_for(NOWHERE, settings), NOWHERE.parent)


class TestFakeBackend(BackendContract):
    def load_model(
        self, settings: ExecutionSettings, progress: LoadProgress | None = None
    ) -> LoadedModel:
        plan = plan_for(NOWHERE, settings, backend="fake")
        return FakeBackend(language=LANGUAGE).load(plan, NOWHERE.parent, progress)

    def load_broken(self, settings: ExecutionSettings) -> LoadedModel:
        failure = LoadFailed("no", code="engine-load-failed", note="it was made to fail")
        return load(FakeBackend(load_failure=failure), settings)


def test_a_step_can_be_made_to_fail() -> None:
    model = load(FakeBackend(language=LANGUAGE, fail_at_step=3))
    with pytest.raises(GenerationFailed):
        run(model, request(PROMPT))
    with pytest.raises(GenerationFailed):
        model.step()


def test_a_sequence_can_be_made_to_fail() -> None:
    model = load(FakeBackend(language=LANGUAGE, fail_sequence_at=3))
    heard = run(model, request(PROMPT))
    assert len(heard.tokens) == 2
    assert isinstance(heard.events[-1], SequenceFailed)


def test_a_scripted_language_answers_after_the_assistant_token() -> None:
    backend = FakeBackend(language=scripted_language("Tea, please."))
    model = load(backend, execution_settings())
    prompt = [*b"what?", CONTROL_TOKENS["<assistant>"]]
    heard = run(model, request(prompt, max_tokens=None, end_tokens=[CONTROL_TOKENS["<eos>"]]))
    assert bytes(heard.tokens[:-1]) == b"Tea, please."
    assert heard.reason is EndReason.END_TOKEN


def test_loaded_models_can_be_looked_at() -> None:
    backend = FakeBackend(language=LANGUAGE)
    model = load(backend)
    assert backend.loaded == [model]
    model.close()
    assert backend.loaded[0].closed
