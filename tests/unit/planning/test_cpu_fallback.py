from lmrt.domain.config import Preference
from lmrt.domain.notices import ContextReduced, CpuFallback
from lmrt.domain.planning import plan
from lmrt.domain.plans import Outranked, PlanRequest, RuntimePlan
from lmrt.domain.probes import BackendProbe, Feature
from tests.support.worlds import (
    GIB,
    MIB,
    ON_CPU,
    ON_GPU,
    ON_METAL,
    Q4,
    gguf_backend,
    gpu,
    machine,
    metal,
    model,
)

CARD = machine(64 * GIB, accelerators=(gpu(24 * GIB),))
WHOLE_ONLY = gguf_backend(ON_GPU, ON_CPU, features=frozenset({Feature.FLASH_ATTENTION}))


def planned(probe: BackendProbe, request: PlanRequest | None = None) -> RuntimePlan:
    return plan(request or PlanRequest(), model(Q4), CARD, [probe])


def test_a_build_for_the_cpu_alone_is_said() -> None:
    assert planned(gguf_backend()).notices == (
        CpuFallback("cuda:0", "`alpha` cannot use `cuda:0` here, only `cpu`"),
    )


def test_too_little_memory_is_said_with_figures() -> None:
    box = machine(64 * GIB, accelerators=(gpu(4 * GIB),))
    (notice,) = plan(PlanRequest(), model(Q4), box, [WHOLE_ONLY]).notices

    assert isinstance(notice, CpuFallback)
    assert notice.reason.startswith("`alpha` needs ")
    assert "of memory on `cuda:0`, 3.50 GiB can be used: short by " in notice.reason


def test_the_accelerator_is_taken_with_less_context() -> None:
    box = machine(64 * GIB, accelerators=(gpu(7 * GIB),))
    found = plan(PlanRequest(), model(Q4), box, [WHOLE_ONLY])

    assert found.specialization.name == "cuda-full"
    assert found.notices == (ContextReduced(16_384, 8192),)
    assert found.alternatives[0].why == Outranked(
        "less of it on an accelerator: 0% of the layers, not 100%"
    )


def test_less_context_on_the_accelerator_is_said_where_memory_is_preferred() -> None:
    box = machine(64 * GIB, accelerators=(gpu(7 * GIB),))
    asked = PlanRequest(prefer=Preference.MEMORY)
    (notice,) = plan(asked, model(Q4), box, [WHOLE_ONLY]).notices

    assert notice == CpuFallback("cuda:0", "only 8,192 tokens of context fit into its memory")


def test_nothing_is_said_where_the_user_wants_the_cpu() -> None:
    assert planned(gguf_backend(), PlanRequest(device="cpu")).notices == ()


def test_nothing_is_said_where_the_accelerator_is_used() -> None:
    assert planned(gguf_backend(ON_GPU, ON_CPU)).notices == ()


def test_nothing_is_said_where_the_preference_chose_the_cpu() -> None:
    box = machine(64 * GIB, accelerators=(metal(48 * GIB),))
    found = plan(
        PlanRequest(prefer=Preference.MEMORY),
        model(Q4),
        box,
        [gguf_backend(ON_METAL, ON_CPU, device_overhead=200 * MIB)],
    )

    assert found.specialization.name == "cpu"
    assert found.notices == ()
