"""Text computed before is used again only where the caches still hold it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lmrt.adapters.mlx.model import MlxModel
from lmrt.domain.config import KvType
from tests.integration.mlx.support import load
from tests.support.sequences import admit, drain, request, run

START = [7, 21, 30, 7, 21, 9, 28, 7]
ONE, OTHER = [22, 23, 24, 25, 26], [11, 12, 13]
Folders = Callable[[str], Path]


@pytest.fixture(params=["gemma3", "mistral-sliding"])
def sliding(request: pytest.FixtureRequest, hf_folders: Folders) -> Path:
    return hf_folders(request.param)


@pytest.fixture(params=["mamba", "lfm2"])
def recurrent(request: pytest.FixtureRequest, hf_folders: Folders) -> Iterator[MlxModel]:
    model = load(hf_folders(request.param))
    yield model
    model.close()


def fresh(folder: Path, prompt: list[int]) -> list[int]:
    model = load(folder)
    tokens = run(model, request(prompt)).tokens
    model.close()
    return tokens


@pytest.mark.parametrize("max_tokens", [20, None], ids=["joinable", "alone"])
def test_a_window_that_has_moved_on_is_computed_again(
    sliding: Path, max_tokens: int | None
) -> None:
    model = load(sliding, context_length=128)
    run(model, request(START * 4, max_tokens=max_tokens))
    again = run(model, request([*START * 3, *OTHER]))
    assert again.prefill.reused == 0
    assert again.tokens == fresh(sliding, [*START * 3, *OTHER])
    model.close()


def test_a_window_continues_at_its_end(sliding: Path) -> None:
    model = load(sliding)
    answer = run(model, request(START * 4, max_tokens=20)).tokens
    longer = [*START * 4, *answer, *OTHER]
    continued = run(model, request(longer))
    assert continued.prefill.processed <= len(OTHER) + 1
    assert continued.tokens == fresh(sliding, longer)
    model.close()


def test_a_window_that_is_not_full_can_go_back(sliding: Path) -> None:
    model = load(sliding)
    run(model, request(START, max_tokens=4))
    again = run(model, request([*START[:5], *OTHER]))
    assert again.prefill.reused == 5
    assert again.tokens == fresh(sliding, [*START[:5], *OTHER])
    model.close()


def test_a_state_is_kept_rather_than_cut_for_a_common_start(recurrent: MlxModel) -> None:
    long = [*START, *ONE]
    run(recurrent, request(long, max_tokens=1))
    run(recurrent, request(START[:5], max_tokens=1))
    assert run(recurrent, request([*START, *OTHER])).prefill.reused == 0
    first = run(recurrent, request(long, max_tokens=1)).tokens
    kept = run(recurrent, request([*long, *first, *OTHER]))
    assert kept.prefill.reused >= len(long)


def test_states_are_no_more_than_planned(recurrent: MlxModel) -> None:
    for start in range(10):
        run(recurrent, request([start, *START], max_tokens=1))
    store = recurrent._roster._store  # type: ignore[union-attr]
    assert len(store._kept) == recurrent.facts.max_sequences


def test_a_state_is_not_shared_with_a_live_sequence(recurrent: MlxModel) -> None:
    live = admit(recurrent, request(START, max_tokens=20))
    recurrent.step()
    longer = admit(recurrent, request([*START[:-1], *OTHER]))
    heard = drain(recurrent, live, longer)
    assert heard[longer].prefill.reused == 0


@pytest.mark.parametrize("kv_type", [KvType.F32, KvType.Q8_0])
@pytest.mark.parametrize("max_tokens", [8, None], ids=["joinable", "alone"])
def test_short_texts_hold_no_more_than_they_need(
    hf_folders: Folders, kv_type: KvType, max_tokens: int | None
) -> None:
    model = load(hf_folders("qwen3"), kv_type=kv_type, context_length=512)
    run(model, request(START, max_tokens=8))
    run(model, request([5, *START], max_tokens=max_tokens, end_tokens=range(320)))
    for kept in model._roster._store._kept:  # type: ignore[union-attr]
        length = len(kept.text.tokens)
        for cache in kept.text.caches:
            keys = cache.keys if kv_type is KvType.F32 else cache.keys[0]
            assert (cache.offset, keys.shape[-2]) == (length, length)
    asked = request([*START, 99], max_tokens=300)
    again = run(model, asked)
    assert again.prefill.reused == len(START)
    other = load(hf_folders("qwen3"), kv_type=kv_type, context_length=512)
    assert again.tokens == run(other, asked).tokens
    model.close()
    other.close()


def test_kept_text_gives_way_to_live_sequences(hf_folders: Folders) -> None:
    model = load(hf_folders("llama"), context_length=256)
    for start in range(8):
        run(model, request([start, *START * 4], max_tokens=8))
    store = model._roster._store  # type: ignore[union-attr]
    assert 0 < store.cells <= 256
    handle = admit(model, request([9, *START * 2], max_tokens=None))
    seen = []
    while model._roster.live:  # type: ignore[union-attr]
        lives = model._roster.live.values()  # type: ignore[union-attr]
        seen.append(store.cells + sum(len(live.lane.computed(handle)) for live in lives))
        model.step()
    assert max(seen) <= 256
    model.close()
