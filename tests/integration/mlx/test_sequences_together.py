"""Sequences that are computed together get the tokens that they get alone, model by model."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lmrt.adapters.mlx.batched import BatchedLane
from lmrt.adapters.mlx.batching import BATCHED_MODELS
from lmrt.adapters.mlx.building import read_config
from lmrt.adapters.mlx.config import normalised
from lmrt.adapters.mlx.engine import api
from lmrt.adapters.mlx.model import MlxModel
from lmrt.domain.sequences import PrefillDone, SequenceHandle
from tests.integration.mlx.support import load
from tests.support.hf_models import FAMILIES, VOCABULARY
from tests.support.mlx_families import CLOSE, EQUAL, write
from tests.support.mlx_native import NATIVE, write_native
from tests.support.sequences import admit, drain, request, run, sort_events

# The engine counts these families' positions, or masks them, for one sequence only
IN_TURN = {"gemma2", "gpt-bigcode", "llama-dynamic"}

OTHERS = {**EQUAL, **CLOSE}
MADE = [("usual", name) for name in FAMILIES] + [("other", name) for name in OTHERS]
MADE = [pair for pair in MADE if pair[1] not in IN_TURN]
MADE += [("native", name) for name in NATIVE]

Make = Callable[[str, str], Path]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Write a model once."""
    root = tmp_path_factory.mktemp("together")

    def made(kind: str, name: str) -> Path:
        folder = root / kind / name
        if (folder / "config.json").exists():
            return folder
        if kind == "native":
            return write_native(name, folder)
        return write({**FAMILIES, **OTHERS}[name], folder)

    return made


def prompts() -> list[list[int]]:
    return [
        [(7 * place + 11 * length) % (VOCABULARY - 2) + 2 for place in range(length)]
        for length in (30, 3, 11, 1)
    ]


def together(model: MlxModel) -> list[list[int]]:
    """Return what each prompt gets while they join three steps apart, with answers of 20 or 5."""
    handles: list[SequenceHandle] = []
    heard = drain(model)
    for place, prompt in enumerate(prompts()):
        handles.append(admit(model, request(prompt, max_tokens=20 if place % 2 else 5)))
        for _ in range(3):
            sort_events(heard, model.step())
    while not all(heard[handle].over for handle in handles):
        sort_events(heard, model.step())
    return [heard[handle].tokens for handle in handles]


@pytest.mark.parametrize(("kind", "name"), MADE)
def test_each_gets_its_own_tokens(kind: str, name: str, make: Make) -> None:
    folder = make(kind, name)
    model = load(folder, batch_size=8)
    handle = admit(model, request(prompts()[0]))
    batched = isinstance(model._roster.live[handle].lane, BatchedLane)  # type: ignore[union-attr]
    assert batched
    model.release(handle)
    found = together(model)
    model.close()
    for place, prompt in enumerate(prompts()):
        # A model of its own: nothing is in its caches
        alone = load(folder)
        tokens = run(alone, request(prompt, max_tokens=20 if place % 2 else 5)).tokens
        alone.close()
        assert found[place] == tokens


@pytest.mark.parametrize(("kind", "name"), MADE)
def test_prompts_of_equal_length_are_computed_side_by_side(
    kind: str, name: str, make: Make
) -> None:
    equal = [[(5 * place + 13 * owner) % 90 + 5 for place in range(9)] for owner in range(3)]
    model = load(make(kind, name), batch_size=64)
    handles = [admit(model, request(prompt, max_tokens=6)) for prompt in equal]
    heard = drain(model)
    while not any(heard[handle].events for handle in handles):
        sort_events(heard, model.step())
    assert all(heard[handle].prefill.processed == 9 for handle in handles)
    while not all(heard[handle].over for handle in handles):
        sort_events(heard, model.step())
    model.close()
    for handle, prompt in zip(handles, equal, strict=True):
        alone = load(make(kind, name))
        assert heard[handle].tokens == run(alone, request(prompt, max_tokens=6)).tokens
        alone.close()


def test_prompts_side_by_side_take_one_step_s_tokens_and_no_padding(make: Make) -> None:
    model = load(make("usual", "llama"), batch_size=16)
    lengths = [9, 9, 9, 8]
    handles = [
        admit(model, request([place + 2 for place in range(length)], max_tokens=9))
        for length in lengths
    ]
    order: list[list[int]] = []
    heard = drain(model)
    while len(heard) < len(handles):
        events = model.step()
        sort_events(heard, events)
        if begun := [handles.index(e.handle) for e in events if isinstance(e, PrefillDone)]:
            order.append(begun)
    model.close()
    assert order == [[0, 1], [2], [3]]


def test_no_model_is_said_to_be_batched_untried(make: Make) -> None:
    classes = api().loader._get_classes
    tried = {
        classes(normalised(read_config(make(*pair)), 512))[0].__module__.rpartition(".")[2]
        for pair in MADE
    }
    assert tried == BATCHED_MODELS
