from collections.abc import Sequence

import pytest
from attrs import evolve

from lmrt.domain.config import KvType, Preference
from lmrt.domain.counterfactuals import (
    BackendInstalled,
    BudgetRaised,
    Change,
    ContextAtMost,
    Counterfactual,
    MemoryFreed,
    PinDropped,
    Preferring,
    UnsafeWeightsAllowed,
)
from lmrt.domain.errors import NoExecutablePlan
from lmrt.domain.machine import Machine
from lmrt.domain.models import Artifact, ArtifactFormat
from lmrt.domain.planning import counterfactuals, plan
from lmrt.domain.plans import Alternative, PlanRequest
from lmrt.domain.probes import BackendProbe
from tests.support.worlds import (
    GIB,
    Q4,
    Q8,
    artifact_8b,
    gguf_backend,
    machine,
    metal,
    missing_backend,
    model,
)

SHORT = PlanRequest(context_length=4096, kv_type=KvType.F16)
ROOMY = machine(32 * GIB)


def found(
    request: PlanRequest,
    here: Machine,
    probes: Sequence[BackendProbe],
    *artifacts: Artifact,
) -> tuple[Counterfactual, ...]:
    asked = model(*artifacts)
    return counterfactuals(request, asked, here, probes, losers(request, asked, here, probes))


def losers(*arguments: object) -> tuple[Alternative, ...]:
    try:
        return plan(*arguments).alternatives  # type: ignore[arg-type]
    except NoExecutablePlan as error:
        return error.rejected


def of(artifact: Artifact, rows: Sequence[Counterfactual], kind: type) -> list[Change]:
    return [
        row.change for row in rows if row.artifact == artifact.id and isinstance(row.change, kind)
    ]


def short_by(request: PlanRequest, here: Machine, artifact: Artifact) -> int:
    """Return the bytes of main memory that the artifact lacks."""
    with pytest.raises(NoExecutablePlan) as caught:
        plan(request, model(artifact), here, [gguf_backend()])
    (shortage,) = caught.value.rejected[0].why.rejections
    return int(shortage.short_by)


def test_memory_is_told_to_the_byte() -> None:
    # 512 MiB or more are kept free, so that every byte freed counts in full.
    here = machine(32 * GIB, 8 * GIB)
    asked = evolve(SHORT, prefer=Preference.QUALITY)

    rows = found(asked, here, [gguf_backend()], Q4, Q8)

    assert of(Q8, rows, MemoryFreed) == [MemoryFreed("cpu", short_by(asked, here, Q8))]


def test_unified_memory_is_one_pool() -> None:
    here = machine(32 * GIB, 4 * GIB, accelerators=(metal(24 * GIB),))

    (row,) = found(SHORT, here, [gguf_backend()], Q4)

    assert row.change == MemoryFreed("cpu", short_by(SHORT, here, Q4))


def test_memory_that_the_machine_does_not_have_cannot_be_freed() -> None:
    assert not of(Q8, found(SHORT, machine(6 * GIB), [gguf_backend()], Q4, Q8), MemoryFreed)


def test_a_budget_is_told_to_the_byte() -> None:
    asked = evolve(SHORT, memory_budget=2 * GIB)
    with pytest.raises(NoExecutablePlan) as caught:
        plan(asked, model(Q4), ROOMY, [gguf_backend()])
    (shortage,) = caught.value.rejected[0].why.rejections

    (row,) = found(asked, ROOMY, [gguf_backend()], Q4)

    assert row.change == BudgetRaised(shortage.needed)


def test_a_context_is_told_to_the_token() -> None:
    here = machine(9 * GIB)
    asked = PlanRequest(context_length=131_072, kv_type=KvType.F16)

    (change,) = of(Q4, found(asked, here, [gguf_backend()], Q4), ContextAtMost)

    assert isinstance(change, ContextAtMost)
    plan(evolve(asked, context_length=change.tokens), model(Q4), here, [gguf_backend()])
    longer = evolve(asked, context_length=change.tokens + 1)
    with pytest.raises(NoExecutablePlan):
        plan(longer, model(Q4), here, [gguf_backend()])


def test_what_is_not_installed_counts_as_far_as_it_tells() -> None:
    told = evolve(gguf_backend(), backend="beta", overhead=0)
    gone = evolve(told, availability=missing_backend().availability)

    (row,) = found(SHORT, ROOMY, [gguf_backend(), gone], Q4)

    assert row == Counterfactual(
        "Q4_K_M.gguf", "beta", "cpu", BackendInstalled("beta", "pip install beta")
    )


def test_a_preference_that_chooses_another_is_named() -> None:
    rows = found(SHORT, ROOMY, [gguf_backend()], Q4, Q8)

    assert Preferring(Preference.QUALITY) in of(Q8, rows, Preferring)
    assert not of(Q4, rows, Preferring)


def test_a_pin_that_keeps_others_away_is_named() -> None:
    other = evolve(gguf_backend(), backend="beta", overhead=0)
    asked = evolve(SHORT, backend="alpha")

    (row,) = found(asked, ROOMY, [gguf_backend(), other], Q4)

    assert (row.backend, row.change) == ("beta", PinDropped("backend", "alpha"))


def test_unsafe_weights_are_named_where_they_would_win() -> None:
    pickled = evolve(artifact_8b("weights.bin", 4.85), format=ArtifactFormat.PICKLE)
    reader = evolve(gguf_backend(), formats=frozenset({ArtifactFormat.PICKLE}))

    (row,) = found(SHORT, ROOMY, [reader], pickled)

    assert row.change == UnsafeWeightsAllowed()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (ContextAtMost(24_576), "if context <= 24,576"),
        (MemoryFreed("cpu", 2**30 + 1), "if 1.01 GiB more main memory were free"),
        (MemoryFreed("cuda:0", 2**30), "if 1.00 GiB more memory on `cuda:0` were free"),
        (BudgetRaised(3 * 2**29), "if `--memory-budget` were 1.50GiB"),
        (BackendInstalled("mlx", "pip install x"), "if mlx were installed: `pip install x`"),
        (PinDropped("kv-type", "f16"), "if `--kv-type f16` were left out"),
    ],
)
def test_a_change_reads_as_a_condition(change: Change, message: str) -> None:
    assert change.message == message
