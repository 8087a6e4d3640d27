"""Which steps are played from a recording, and how they are put into it."""

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from lmrt.adapters.torch.graphs import RoomyStep, room_for  # noqa: E402
from lmrt.adapters.torch.step import Part, Step  # noqa: E402

CELLS = 4096


def step(rows: int, wanted: int, top: int) -> Step:
    inputs = torch.arange(4 * rows).reshape(4, rows)
    return Step(inputs, (Part(0, rows, 0, top),), torch.arange(wanted))


@pytest.mark.parametrize(
    ("rows", "top", "room"),
    [
        (1, 1, (1, 256)),
        (1, 256, (1, 256)),
        (2, 257, (2, 512)),
        (3, 512, (4, 512)),
        (5, 1025, (8, 2048)),
        (4, 4096, (4, 4096)),
    ],
)
def test_rows_and_cells_are_rounded_up(rows: int, top: int, room: tuple[int, int]) -> None:
    assert room_for(step(rows, rows, top), CELLS) == room


def test_there_is_no_more_room_than_the_cache_has() -> None:
    assert room_for(step(1, 1, 700), 768) == (1, 768)
    assert room_for(step(1, 1, 3), 64) == (1, 64)


@pytest.mark.parametrize(("rows", "wanted"), [(2, 1), (9, 0), (8, 3)])
def test_prompts_are_not_recorded(rows: int, wanted: int) -> None:
    assert room_for(step(rows, wanted, rows), CELLS) is None


def test_rows_that_are_left_over_repeat_the_last_one() -> None:
    roomy = RoomyStep(4, 256, torch.device("cpu"))
    place = roomy.step.inputs.data_ptr()
    roomy.fill(step(3, 3, 3).inputs)
    assert roomy.step.inputs.tolist() == [[0, 1, 2, 2], [3, 4, 5, 5], [6, 7, 8, 8], [9, 10, 11, 11]]
    roomy.fill(step(4, 4, 4).inputs)
    assert roomy.step.inputs[0].tolist() == [0, 1, 2, 3]
    assert roomy.step.inputs.data_ptr() == place
    assert (roomy.step.top, roomy.step.rows, len(roomy.step.wanted)) == (256, 4, 4)
