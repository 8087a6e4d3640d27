import pytest
from attrs import evolve

from lmrt.domain.errors import NoExecutablePlan
from lmrt.domain.models import ArchitectureShape, FullAttention, WeightBytes
from lmrt.domain.planning import plan
from lmrt.domain.planning.pools import usable
from lmrt.domain.plans import PlanRequest, Rejected
from lmrt.domain.rejections import MemoryExceeded
from tests.support.worlds import (
    GIB,
    MIB,
    ON_CPU,
    ON_METAL,
    Q4,
    gguf_backend,
    machine,
    metal,
    model,
)

TINY = ArchitectureShape((FullAttention(2, 32, 32),) * 4, 128, 4, 256, 1000)


@pytest.mark.parametrize(
    ("total", "free", "expected"),
    [
        (64 * GIB, 64 * GIB, 64 * GIB - 64 * GIB // 20),  # 5 % is more than 512 MiB
        (8 * GIB, 8 * GIB, 8 * GIB - 512 * MIB),  # 512 MiB is more than 5 %
        (8 * GIB, 600 * MIB, 300 * MIB),  # half of what is free is less than both
        (8 * GIB, 0, 0),
    ],
)
def test_the_margin(total: int, free: int, expected: int) -> None:
    assert usable(total, free) == expected


def test_a_tiny_machine_runs_a_10_mb_model() -> None:
    small = evolve(Q4, weights=WeightBytes((2 * MIB,) * 4, MIB, MIB))
    probe = gguf_backend(overhead=20 * MIB)
    box = machine(256 * MIB, 100 * MIB)

    assert plan(PlanRequest(), model(small, shape=TINY), box, [probe]).chosen.memory.host < 50 * MIB


def test_a_budget_caps_all_pools_together() -> None:
    request = PlanRequest(memory_budget=4 * GIB, context_length=4096)

    with pytest.raises(NoExecutablePlan) as caught:
        plan(request, model(Q4), machine(64 * GIB), [gguf_backend()])
    (row,) = caught.value.rejected
    assert isinstance(row.why, Rejected)
    (shortage,) = row.why.rejections
    assert isinstance(shortage, MemoryExceeded)
    assert (shortage.pool, shortage.free) == ("budget", 4 * GIB)
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("raise `--memory-budget` by ")


def test_a_budget_above_what_is_free_does_not_use_up_the_margin() -> None:
    box = machine(64 * GIB, 5 * GIB)

    with pytest.raises(NoExecutablePlan):
        plan(PlanRequest(memory_budget=60 * GIB), model(Q4), box, [gguf_backend()])


def test_unified_memory_is_one_pool_held_against_both_limits() -> None:
    request = PlanRequest(device="metal", context_length=4096)
    probe = gguf_backend(ON_METAL, ON_CPU)

    def planned(main: int, shared: int) -> int:
        box = machine(main, accelerators=(metal(shared),))
        memory = plan(request, model(Q4), box, [probe]).chosen.memory
        assert memory.host == memory.device == memory.total
        return memory.total

    needed = planned(16 * GIB, 12 * GIB)
    assert needed > Q4.weights.total
    for main, shared in ((needed + 600 * MIB, needed), (needed, needed + 600 * MIB)):
        with pytest.raises(NoExecutablePlan):
            planned(main, shared)
