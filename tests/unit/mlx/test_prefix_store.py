"""What is kept of texts that were computed, and what goes first."""

from typing import Any

from lmrt.adapters.mlx.lanes import Text
from lmrt.adapters.mlx.prefixes import PrefixStore

CUTTABLE: list[Any] = ["any length"]
WHOLE: list[Any] = ["whole"]


def store(cells: int = 100, sequences: int | None = None) -> PrefixStore:
    return PrefixStore(cells, sequences, lambda caches: caches is CUTTABLE)


def text(*tokens: int, caches: list[Any] = CUTTABLE) -> Text:
    return Text(list(tokens), caches)


def found(kept: PrefixStore, *prompt: int) -> tuple[list[int], int]:
    source, length = kept.longest(list(prompt))
    return ([] if source is None else source.tokens), length


def test_the_longest_common_start_is_found() -> None:
    kept = store()
    kept.put(text(1, 2, 3))
    kept.put(text(1, 2, 9, 9))
    assert found(kept, 1, 2, 9, 4) == ([1, 2, 9, 9], 3)
    assert found(kept, 5, 2) == ([], 0)


def test_the_last_token_of_a_prompt_is_always_left() -> None:
    kept = store()
    kept.put(text(1, 2, 3))
    assert found(kept, 1, 2, 3) == ([1, 2, 3], 2)
    assert found(kept, 1) == ([], 0)


def test_what_cannot_be_cut_is_used_whole_or_not_at_all() -> None:
    kept = store()
    kept.put(text(1, 2, 3, caches=WHOLE))
    assert found(kept, 1, 2, 9) == ([], 0)
    assert found(kept, 1, 2, 3, 9) == ([1, 2, 3], 3)


def test_a_text_replaces_its_own_start_where_it_can_be_cut_back_to_it() -> None:
    kept = store()
    kept.put(text(1, 2))
    kept.put(text(1, 2, 3))
    kept.put(text(1))
    assert kept.cells == 3
    whole = store()
    whole.put(text(1, 2, caches=WHOLE))
    whole.put(text(1, 2, 3, caches=WHOLE))
    assert whole.cells == 5


def test_the_least_recently_used_goes_first() -> None:
    kept = store(cells=8)
    for first in (1, 2, 3):
        kept.put(text(first, 0, 0))
    found(kept, 1, 0, 0, 0)
    kept.fit(2, 1)
    assert found(kept, 1, 0, 0, 0)[1] == 3
    assert kept.cells + 2 <= 8
    assert found(kept, 2, 0, 0, 0)[1] == 0


def test_live_sequences_count() -> None:
    kept = store(cells=10)
    kept.put(text(1, 2, 3))
    kept.fit(7, 2)
    assert kept.cells == 3
    kept.fit(8, 2)
    assert kept.cells == 0


def test_states_of_fixed_size_are_counted_by_the_sequence() -> None:
    kept = store(sequences=2)
    kept.put(text(1))
    kept.put(text(2))
    kept.fit(0, 0)
    assert kept.cells == 2
    kept.fit(1, 1)
    assert (kept.cells, found(kept, 2, 9)[1]) == (1, 1)


def test_nothing_is_left_after_the_end() -> None:
    kept = store()
    kept.put(text(1))
    kept.clear()
    assert kept.cells == 0
