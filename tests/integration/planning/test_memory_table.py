"""The table of docs/planner.md comes from plans and the engine, and marks what is off."""

import pytest

from benchmarks.memory import dry
from benchmarks.memory.cases import Case
from lmrt.domain.config import KvType

CASE = Case("mamba", 4096, KvType.F16)


def test_a_case_is_planned_and_asked_of_the_engine(capsys: pytest.CaptureFixture[str]) -> None:
    assert dry.main((CASE,)) == 0
    _head, _rule, row = capsys.readouterr().out.splitlines()
    assert row.startswith("| mamba | 4,096 | f16 | 5,394.9 / 5,394.9 | 95.0 / 95.0 | 67.3 / 67.5 ")


@pytest.mark.parametrize(
    ("weights", "cache", "compute"),
    [
        ((100.0, 100.0), (51.0, 50.0), (10.0, 10.0)),
        ((100.0, 100.0), (50.0, 50.0), (11.6, 10.0)),
        ((100.0, 100.0), (50.0, 50.0), (8.4, 10.0)),
        ((109.0, 100.0), (50.0, 50.0), (10.0, 10.0)),
    ],
    ids=["cache", "more buffers", "fewer buffers", "weights"],
)
def test_a_row_that_is_off_does_not_hold(
    weights: tuple[float, float], cache: tuple[float, float], compute: tuple[float, float]
) -> None:
    assert dry.Row(CASE, (100.0, 100.0), (50.0, 50.0), (10.0, 10.0)).holds
    assert not dry.Row(CASE, weights, cache, compute).holds
