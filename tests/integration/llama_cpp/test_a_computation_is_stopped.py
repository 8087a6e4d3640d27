"""A release while the engine computes stops it, unless another sequence would lose work."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lmrt.adapters.llama_cpp.model import LlamaCppModel
from lmrt.domain.sequences import EndReason, SequenceEnded, SequenceHandle
from tests.integration.llama_cpp.support import load
from tests.support.sequences import admit, drain, request, run

PROMPT = [7, 21, 30, 7, 21, 9, 28, 7] * 6
OTHER = [22, 23, 24, 25, 26]
ABORTED, DONE = 2, 0


@pytest.fixture(params=["tiny_gguf", "sliding_gguf", "recurrent_gguf", "hybrid_gguf"])
def file(request: pytest.FixtureRequest) -> Path:
    found: Path = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def model(file: Path) -> Iterator[LlamaCppModel]:
    loaded = load(file, batch_size=32)
    yield loaded
    loaded.close()


@pytest.fixture
def reference(file: Path) -> Iterator[LlamaCppModel]:
    loaded = load(file, batch_size=32)
    yield loaded
    loaded.close()


def step_while_releasing(model: LlamaCppModel, *handles: SequenceHandle) -> tuple[object, int]:
    """Step once; the handles are released when the engine has begun to compute."""
    compute = model._decode
    codes: list[int] = []

    def released_meanwhile(context: int, batch: object) -> int:
        for handle in handles:
            model.release(handle)
        codes.append(int(compute(context, batch)))
        return codes[-1]

    model._decode = released_meanwhile
    events = model.step()
    model._decode = compute
    return events, codes[0]


def test_the_only_sequence(model: LlamaCppModel) -> None:
    expected = run(model, request(PROMPT)).tokens
    for steps in (0, 1, 4):
        handle = admit(model, request(PROMPT))
        for _ in range(steps):
            model.step()
        events, code = step_while_releasing(model, handle)
        assert (events, code) == ([SequenceEnded(handle, EndReason.RELEASED)], ABORTED)
        assert run(model, request(PROMPT)).tokens == expected


def test_every_sequence(model: LlamaCppModel) -> None:
    expected = run(model, request(OTHER)).tokens
    handles = admit(model, request(PROMPT)), admit(model, request(OTHER))
    model.step()
    events, code = step_while_releasing(model, *handles)
    assert code == ABORTED
    assert events == [SequenceEnded(handle, EndReason.RELEASED) for handle in handles]
    assert run(model, request(OTHER)).tokens == expected


def test_not_while_another_sequence_goes_on(model: LlamaCppModel) -> None:
    expected = run(model, request(OTHER)).tokens
    gone, stays = admit(model, request(PROMPT)), admit(model, request(OTHER))
    for _ in range(4):
        model.step()
    events, code = step_while_releasing(model, gone)
    assert code == DONE
    assert isinstance(events, list)
    assert not [event for event in events if event.handle == gone]
    heard = drain(model, gone, stays)
    assert heard[gone].events == [SequenceEnded(gone, EndReason.RELEASED)]
    assert run(model, request(OTHER)).tokens == expected


class Operations:
    """Counts the operations of a computation, and stops it before one of them."""

    def __init__(self, model: LlamaCppModel) -> None:
        self.asked = 0
        self.stop_at = -1
        self._callback = model._api.ggml_abort_callback(self._ask)
        model._api.llama_set_abort_callback(model._context, self._callback, None)

    def _ask(self, _user_data: object) -> bool:
        self.asked += 1
        return self.asked == self.stop_at


def remembered(model: LlamaCppModel) -> list[int]:
    """Return how many tokens the engine itself has of each sequence."""
    api, memory = model._api, model._api.llama_get_memory(model._context)
    count = model.facts.max_sequences
    return [api.llama_memory_seq_pos_max(memory, sequence) + 1 for sequence in range(count)]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("steps", [0, 1, 3])
def test_anywhere_in_the_middle(
    model: LlamaCppModel, reference: LlamaCppModel, share: float, steps: int
) -> None:
    counted = Operations(reference)
    twin = admit(reference, request(PROMPT))
    for _ in range(steps):
        reference.step()
    before = counted.asked
    reference.step()

    handle = admit(model, request(PROMPT))
    for _ in range(steps):
        model.step()
    stopping = Operations(model)
    stopping.stop_at = int(share * (counted.asked - before))
    events, code = step_while_releasing(model, handle)
    assert (events, code) == ([SequenceEnded(handle, EndReason.RELEASED)], ABORTED)
    assert remembered(model) == [len(slot.tokens) for slot in model._slots._slots]
    drain(reference, twin)
    for prompt in (PROMPT, [*PROMPT, *OTHER]):
        assert run(model, request(prompt)).tokens == run(reference, request(prompt)).tokens


def test_what_was_computed_before_the_stop_is_kept(tiny_gguf: Path) -> None:
    model = load(tiny_gguf, batch_size=32)
    handle = admit(model, request(PROMPT))
    model.step()
    step_while_releasing(model, handle)
    assert run(model, request(PROMPT)).prefill.reused == 32
    model.close()
