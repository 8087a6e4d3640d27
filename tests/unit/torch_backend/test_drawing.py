"""Tokens are drawn from the domain's distribution: each random number leads to its own token."""

from collections.abc import Sequence
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmrt.domain.sampling import GREEDY, SamplingSettings, distribution

torch = pytest.importorskip("torch", reason="torch is not installed")

from lmrt.adapters.torch.sampling import NO_NUMBER, Row, Sampler, draw  # noqa: E402

EDGE = 1e-4
"""How near to the border between two tokens float32 may come out on the other side."""

SETTINGS = st.builds(
    SamplingSettings,
    temperature=st.sampled_from([0.3, 1.0, 2.5]),
    top_k=st.sampled_from([0, 1, 5, 40, 10**6]),
    top_p=st.sampled_from([0.0, 0.3, 0.9, 1.0]),
    min_p=st.sampled_from([0.0, 0.05, 0.5, 1.0]),
    repetition_penalty=st.sampled_from([1.0, 1.7]),
    presence_penalty=st.sampled_from([0.0, 0.6]),
    frequency_penalty=st.sampled_from([0.0, -0.5]),
    penalty_window=st.sampled_from([0, 3, 2**40]),
)


class Chosen(Sampler):
    """Draws with one number, for ever."""

    def __init__(self, settings: SamplingSettings, number: float) -> None:
        super().__init__(settings)
        self.number = number

    def next(self) -> float:
        return self.number


def scores(seed: int, size: int) -> list[float]:
    """Return logits without equal ones."""
    generator = torch.Generator().manual_seed(seed)
    values: list[float] = (torch.randperm(size, generator=generator) / size * 9 - 4).tolist()
    return values


def expected(logits: Sequence[float], row: Row, number: float) -> int | None:
    """Return the token that a number leads to, or None where it is too near to the border."""
    settings = row.sampler.settings
    shares = distribution(logits, settings, row.history)
    ranked = settings.top_k > 0 or settings.top_p < 1.0
    tokens = sorted(shares, key=lambda token: -shares[token] if ranked else token)
    for token, end in zip(tokens, accumulate(shares[token] for token in tokens), strict=True):
        if abs(end - number) < EDGE and token != tokens[-1]:
            return None
        if number < end or token == tokens[-1]:
            return token
    raise AssertionError


@given(
    st.lists(st.tuples(SETTINGS, st.integers(0, 99), st.floats(0, 0.999)), min_size=1, max_size=6),
    st.integers(0, 9),
    st.lists(st.integers(0, 59), max_size=8),
)
def test_each_number_leads_to_its_token(
    asked: list[tuple[SamplingSettings, int, float]], seed: int, history: list[int]
) -> None:
    rows = [Row(Chosen(settings, number), history) for settings, _, number in asked]
    logits = [scores(seed + offset, 60) for _, offset, _ in asked]
    before = torch.tensor(logits)
    given_logits = before.clone()
    drawn = draw(given_logits, rows)
    assert torch.equal(given_logits, before)
    for token, values, row, (_, _, number) in zip(drawn, before.tolist(), rows, asked, strict=True):
        wanted = expected(values, row, number)
        assert wanted is None or token == wanted


@pytest.mark.parametrize("spread", [0.0, 1.0], ids=["flat", "steep"])
@pytest.mark.parametrize("number", [0.0001, 0.37, 0.71, 0.9999])
def test_a_nucleus_of_a_large_vocabulary(spread: float, number: float) -> None:
    """Flat ones reach beyond the likely tokens that are looked at first."""
    values = [spread * score + rank * 1e-4 for rank, score in enumerate(scores(1, 5000))]
    logits = torch.tensor([values])
    settings = SamplingSettings(temperature=1.0, top_k=0, top_p=0.8, min_p=0.0)
    row = Row(Chosen(settings, number), ())
    drawn = draw(logits, [row])[0]
    shares = distribution(logits[0].tolist(), settings)
    place = sorted(shares, key=lambda token: -shares[token]).index(drawn)
    ends = list(accumulate(sorted(shares.values(), reverse=True)))
    assert (ends[place - 1] if place else 0.0) - 1e-3 < number < ends[place] + 1e-3


def test_the_lowest_of_equal_tokens_wins_greedily() -> None:
    logits = torch.tensor([[0.0, 3.0, 3.0, 1.0], [2.0, 2.0, 2.0, 2.0]])
    assert draw(logits, [Row(Sampler(GREEDY), ())] * 2) == [1, 0]


def test_a_row_with_nan_is_told_and_the_others_are_drawn() -> None:
    logits = torch.tensor([[0.0, float("nan"), 1.0], [0.0, 5.0, 1.0], [float("nan")] * 3])
    warm = SamplingSettings(temperature=1.0, top_k=2, top_p=1.0, min_p=0.0, seed=1)
    rows = [Row(Sampler(warm), ()), Row(Sampler(GREEDY), ()), Row(Sampler(GREEDY), ())]
    assert draw(logits, rows) == [NO_NUMBER, 1, NO_NUMBER]


@pytest.mark.parametrize("top_k", [0, 3])
def test_what_cannot_be_is_never_drawn(top_k: int) -> None:
    logits = torch.tensor([[-torch.inf, 0.0, -torch.inf, -torch.inf]])
    settings = SamplingSettings(temperature=1.0, top_k=top_k, top_p=1.0, min_p=0.0)
    for number in (0.0, 0.5, 1.0):
        assert draw(logits, [Row(Chosen(settings, number), ())]) == [1]


def test_a_temperature_too_small_for_float32_takes_the_largest() -> None:
    settings = SamplingSettings(temperature=1e-60, top_k=0, top_p=1.0, min_p=0.0)
    assert draw(torch.tensor([[0.0, 1.0, 0.5]]), [Row(Chosen(settings, 0.99), ())]) == [1]


def test_numbers_follow_from_the_seed_alone() -> None:
    seeded = SamplingSettings(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0, seed=7)
    one, other = Sampler(seeded), Sampler(seeded)
    torch.rand(5)
    numbers = [one.next() for _ in range(4)]
    assert numbers == [other.next() for _ in range(4)]
    assert all(0.0 <= number < 1.0 for number in numbers)
    assert len(set(numbers)) == 4


@pytest.mark.parametrize("seed", [0, 2**63, 2**64 - 1, 2**80])
def test_any_seed_will_do(seed: int) -> None:
    settings = SamplingSettings(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0, seed=seed)
    assert Sampler(settings).next() == Sampler(settings).next()
