from hypothesis import given
from hypothesis import strategies as st

from lmrt.domain.parity.judging import PromptComparison, Side, judge
from lmrt.domain.parity.places import place_of
from lmrt.domain.parity.precision import Rounding
from lmrt.domain.parity.traces import Trace
from lmrt.domain.parity.verdicts import Agree, Disagree, Explained
from lmrt.domain.sequences import EndReason

WORDS = 4
Row = list[float]

tokens = st.lists(st.integers(0, WORDS - 1), min_size=1, max_size=3).map(tuple)
traces = st.builds(
    Trace,
    text=st.sampled_from(("one", "one", "two")),
    tokens=st.one_of(st.just((1, 2)), tokens),
    answer=tokens,
    ended=st.sampled_from(EndReason),
)
rows: st.SearchStrategy[Row] = st.lists(
    st.one_of(st.floats(-8, 8), st.sampled_from((0.0, 1.0, float("nan")))),
    min_size=WORDS,
    max_size=WORDS,
)
roundings = st.sampled_from((2.0**-15, 2.0**-8, 2.0**-5)).map(lambda unit: Rounding("it", unit))


def compared(one: Trace, other: Trace, rows: tuple[Row, Row], by: Rounding) -> PromptComparison:
    found = None if place_of(one, other) is None else rows
    return judge(0, Side("a", one), Side("b", other), found, by)


@given(traces, traces, rows, rows, roundings)
def test_the_order_of_the_backends_does_not_matter(
    one: Trace, other: Trace, first: Row, second: Row, by: Rounding
) -> None:
    there = compared(one, other, (first, second), by)
    back = compared(other, one, (second, first), by)
    assert type(there.verdict) is type(back.verdict)
    if isinstance(there.verdict, Disagree) and isinstance(back.verdict, Disagree):
        assert there.verdict.stage is back.verdict.stage
    assert there.logits == back.logits
    assert there.shared_tokens == back.shared_tokens


@given(traces, rows.filter(lambda row: all(value == value for value in row)), roundings)
def test_a_backend_agrees_with_itself(trace: Trace, row: Row, by: Rounding) -> None:
    assert compared(trace, trace, (row, row), by).verdict == Agree()


@given(traces, traces, rows, rows, roundings)
def test_what_is_explained_is_close(
    one: Trace, other: Trace, first: Row, second: Row, by: Rounding
) -> None:
    found = compared(one, other, (first, second), by)
    if isinstance(found.verdict, Disagree):
        return
    assert (found.same_text, found.same_tokens) == (True, True)
    spread = min(max(row) - min(row) for row in (first, second))
    apart = max(abs(a - b) for a, b in zip(first, second, strict=True))
    assert apart <= min(16 * by.unit, 0.5) * spread
    if isinstance(found.verdict, Explained):
        assert one.answer != other.answer


@given(traces, traces, rows, rows, roundings)
def test_a_coarser_rounding_explains_no_less(
    one: Trace, other: Trace, first: Row, second: Row, by: Rounding
) -> None:
    coarser = Rounding("more", 4 * by.unit)
    strict, lenient = (compared(one, other, (first, second), it).verdict for it in (by, coarser))
    if not isinstance(strict, Disagree):
        assert not isinstance(lenient, Disagree)
