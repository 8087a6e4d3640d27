"""Which logits of two answers are compared."""

import pytest

from lmrt.domain.parity.places import Place, ends_alone, place_of, shared_answer
from lmrt.domain.parity.traces import Trace
from lmrt.domain.sequences import EndReason


def trace(*answer: int, ended: EndReason = EndReason.MAX_TOKENS, prompt: int = 9) -> Trace:
    return Trace("text", (prompt, 8), answer, ended)


@pytest.mark.parametrize(
    ("one", "other", "shared", "place"),
    [
        (trace(1, 2, 3), trace(1, 2, 3), 3, Place(2, None, (9, 8, 1, 2))),
        (trace(1), trace(1), 1, Place(0, None, (9, 8))),
        (trace(1, 2, 3), trace(1, 5, 3), 1, Place(1, (2, 5), (9, 8, 1))),
        (trace(4), trace(1, 5), 0, Place(0, (4, 1), (9, 8))),
        (trace(1, 2), trace(1, 2, 3, 4), 2, Place(1, None, (9, 8, 1))),
    ],
)
def test_the_first_that_differs_else_the_last_of_both(
    one: Trace, other: Trace, shared: int, place: Place
) -> None:
    assert shared_answer(one, other) == shared
    assert place_of(one, other) == place


def test_different_prompts_have_no_place() -> None:
    assert place_of(trace(1), trace(1, prompt=7)) is None


def test_an_end_counts_where_the_other_goes_on() -> None:
    ended = trace(1, 2, ended=EndReason.END_TOKEN)
    assert ends_alone(ended, trace(1, 2, 3))
    assert not ends_alone(trace(1, 2, 3), ended)
    assert not ends_alone(ended, trace(1, 2, ended=EndReason.END_TOKEN))
    assert not ends_alone(trace(1, 2, ended=EndReason.CONTEXT_FULL), trace(1, 2, 3))
    assert not ends_alone(ended, trace(1, 4, 3))
