"""Text computed before is used again only where the model's memory still holds it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lmrt.adapters.llama_cpp.model import LlamaCppModel
from tests.integration.llama_cpp.support import load
from tests.support.sequences import admit, drain, request, run

START = [7, 21, 30, 7, 21, 9, 28, 7]
ONE, OTHER = [22, 23, 24, 25, 26], [11, 12, 13]


@pytest.fixture
def sliding(sliding_gguf: Path) -> Iterator[LlamaCppModel]:
    model = load(sliding_gguf, context_length=2048, max_sequences=1)
    yield model
    model.close()


@pytest.fixture(params=["recurrent_gguf", "hybrid_gguf"])
def recurrent(request: pytest.FixtureRequest) -> Iterator[LlamaCppModel]:
    model = load(request.getfixturevalue(request.param))
    yield model
    model.close()


def fresh(file: Path, prompt: list[int]) -> list[int]:
    model = load(file, context_length=2048)
    tokens = run(model, request(prompt)).tokens
    model.close()
    return tokens


def test_a_window_that_has_moved_on_is_computed_again(
    sliding: LlamaCppModel, sliding_gguf: Path
) -> None:
    run(sliding, request(START * 4, max_tokens=700))
    again = run(sliding, request([*START * 4, *OTHER]))
    assert again.prefill.reused == 0
    assert again.tokens == fresh(sliding_gguf, [*START * 4, *OTHER])


def test_a_window_continues_at_its_end(sliding: LlamaCppModel, sliding_gguf: Path) -> None:
    answer = run(sliding, request(START * 4, max_tokens=700)).tokens
    longer = [*START * 4, *answer, *OTHER]
    continued = run(sliding, request(longer))
    assert continued.prefill.reused == len(longer) - len(OTHER) - 1
    assert continued.tokens == fresh(sliding_gguf, longer)


def test_a_state_is_kept_rather_than_cut_for_a_common_start(recurrent: LlamaCppModel) -> None:
    long = [*START, *ONE]
    run(recurrent, request(long, max_tokens=1))
    run(recurrent, request(START[:5], max_tokens=1))
    assert run(recurrent, request([*START, *OTHER])).prefill.reused == 5
    assert run(recurrent, request([*long, *OTHER])).prefill.reused == len(long)


def test_a_state_is_not_shared_with_a_live_sequence(recurrent: LlamaCppModel) -> None:
    live = admit(recurrent, request(START, max_tokens=20))
    answer = [event.token for event in recurrent.step() if hasattr(event, "token")]
    longer = admit(recurrent, request([*START, *answer, *OTHER]))
    heard = drain(recurrent, live, longer)
    assert heard[longer].prefill.reused == 0
