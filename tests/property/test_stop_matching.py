"""Stop texts cut an answer at the same place however the answer arrives, and never late."""

from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from lmrt.domain.text import StopMatcher

LETTERS = "abé"
TEXTS = st.text(LETTERS, max_size=24)
STOPS = st.lists(st.text(LETTERS, min_size=1, max_size=6), max_size=4)
CUTS = st.lists(st.integers(min_value=0, max_value=24), max_size=8)


def pieces_of(text: str, cuts: list[int]) -> list[str]:
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    return [text[start:end] for start, end in pairwise(places)]


def first_stop(text: str, stops: list[str]) -> tuple[int, str] | None:
    """Try every end, the earliest first, and there every stop text, the longest first."""
    for end in range(1, len(text) + 1):
        for stop in sorted(stops, key=len, reverse=True):
            if text[:end].endswith(stop):
                return end - len(stop), stop
    return None


def could_begin_a_stop(text: str, stops: list[str]) -> int:
    """Return the length of the longest end of `text` that begins a stop text."""
    lengths = range(len(text) + 1)
    return max(n for n in lengths if any(stop.startswith(text[len(text) - n :]) for stop in stops))


def run(pieces: list[str], stops: list[str]) -> tuple[str, str | None]:
    matcher = StopMatcher(stops)
    released = "".join([matcher.push(piece) for piece in pieces]) + matcher.flush()
    return released, matcher.matched


@given(TEXTS, STOPS, CUTS)
def test_the_answer_ends_before_the_first_complete_stop_text(
    text: str, stops: list[str], cuts: list[int]
) -> None:
    expected = first_stop(text, stops)
    released, matched = run(pieces_of(text, cuts), stops)
    if expected is None:
        assert (released, matched) == (text, None)
    else:
        assert (released, matched) == (text[: expected[0]], expected[1])


@given(TEXTS, STOPS, CUTS)
def test_what_is_released_followed_by_the_stop_text_begins_the_whole(
    text: str, stops: list[str], cuts: list[int]
) -> None:
    released, matched = run(pieces_of(text, cuts), stops)
    assert text.startswith(released + (matched or ""))


@given(TEXTS, STOPS, CUTS)
def test_exactly_what_could_begin_a_stop_text_is_held_back(
    text: str, stops: list[str], cuts: list[int]
) -> None:
    assume(stops)
    matcher = StopMatcher(stops)
    seen = released = ""
    for piece in pieces_of(text, cuts):
        released += matcher.push(piece)
        seen += piece
        if first_stop(seen, stops) is not None:
            return
        assert released == seen[: len(seen) - could_begin_a_stop(seen, stops)]


@given(TEXTS, STOPS, CUTS, TEXTS)
def test_nothing_comes_out_after_a_stop_text(
    text: str, stops: list[str], cuts: list[int], more: str
) -> None:
    assume(first_stop(text, stops) is not None)
    matcher = StopMatcher(stops)
    for piece in pieces_of(text, cuts):
        matcher.push(piece)
    matched = matcher.matched
    assert matcher.push(more) + matcher.flush() == ""
    assert matcher.matched == matched


def test_long_texts_and_long_stop_texts_take_linear_time() -> None:
    # 400,000 letters, all of them candidates for a long stop text; anything quadratic in the
    # text or the stop text would copy or compare tens of billions of letters
    stop = "a" * 200_000 + "b"
    matcher = StopMatcher((stop,))
    released = sum(len(matcher.push("a")) for _ in range(200_000))
    released += len(matcher.push("a" * 200_000))
    released += len(matcher.push("b"))
    assert matcher.matched == stop
    assert released == 200_000
