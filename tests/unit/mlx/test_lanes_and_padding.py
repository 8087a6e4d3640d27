"""A sequence joins the lane where it costs the least, and never more than there is."""

from hypothesis import given
from hypothesis import strategies as st

from lmrt.adapters.mlx.assignment import lane_for, padded

CELLS = st.integers(1, 100)


def test_the_first_sequence_has_a_lane_of_its_own() -> None:
    assert lane_for([], 10, 100) is None


def test_sequences_of_one_length_share_a_lane() -> None:
    assert lane_for([[25, 25, 25]], 25, 100) == 0


def test_a_short_sequence_does_not_join_a_long_one_that_leaves_no_room() -> None:
    assert lane_for([[90]], 10, 100) is None
    assert lane_for([[90]], 10, 180) == 0


def test_the_lane_with_the_least_padding_is_taken() -> None:
    assert lane_for([[40], [11]], 10, 200) == 1
    assert lane_for([[40], [11]], 39, 200) == 0


@given(st.lists(st.lists(CELLS, min_size=1), max_size=4), CELLS, st.integers(0, 1000))
def test_joining_never_takes_more_than_the_budget(
    lanes: list[list[int]], cells: int, budget: int
) -> None:
    place = lane_for(lanes, cells, budget)
    if place is not None:
        lanes[place].append(cells)
        assert sum(len(lane) * max(lane) for lane in lanes) <= budget


def test_padding_fills_up_to_the_longest() -> None:
    assert (padded([]), padded([7]), padded([7, 3, 5])) == (0, 7, 21)
