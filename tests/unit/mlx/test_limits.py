"""The limits of memory that an Apple GPU is given follow from the plan."""

from contextlib import ExitStack
from typing import Any

from lmrt.adapters.mlx.limits import Limits, limits_of, set_limits
from lmrt.domain.plans import MemoryEstimate

ESTIMATE = MemoryEstimate(
    weights=1000, kv_cache=300, compute=50, overhead=80, host=1430, device=1430
)


def test_what_the_plan_counts_is_allowed() -> None:
    device = {"max_recommended_working_set_size": 5000}
    assert limits_of(ESTIMATE, device, 0) == Limits(memory=1350, wired=1300, cache=50)


def test_no_more_is_wired_than_the_system_recommends() -> None:
    device = {"max_recommended_working_set_size": 900}
    assert limits_of(ESTIMATE, device, 0).wired == 900


def test_other_models_keep_what_they_have() -> None:
    device = {"max_recommended_working_set_size": 5000}
    assert limits_of(ESTIMATE, device, 2000) == Limits(memory=3350, wired=3300, cache=50)


def test_former_limits_come_back() -> None:
    core = Core()
    with ExitStack() as resources:
        set_limits(core, Limits(memory=1350, wired=1300, cache=50), resources)
        assert core.limits == {"memory": 1350, "wired": 1300, "cache": 50}
    assert core.limits == {"memory": 7, "wired": 8, "cache": 9}


class Core:
    """Keeps limits as the engine does: setting one returns the former."""

    def __init__(self) -> None:
        self.limits = {"memory": 7, "wired": 8, "cache": 9}

    def __getattr__(self, name: str) -> Any:
        kind = name.removeprefix("set_").removesuffix("_limit")

        def change(value: int) -> int:
            former, self.limits[kind] = self.limits[kind], value
            return former

        return change
