import pytest
from attrs import evolve

from lmrt.domain.config import Preference
from lmrt.domain.planning import plan
from lmrt.domain.plans import Outranked, PlanRequest, RuntimePlan
from tests.support.worlds import (
    F16,
    GIB,
    ON_CPU,
    ON_GPU,
    Q4,
    Q8,
    artifact_8b,
    gguf_backend,
    gpu,
    machine,
    model,
)

Q2 = artifact_8b("Q2_K.gguf", 2.6)
ALL = model(Q2, Q4, Q8, F16)
BOX = machine(64 * GIB)


def planned(prefer: str) -> RuntimePlan:
    request = PlanRequest(prefer=Preference(prefer), context_length=4096)
    return plan(request, ALL, BOX, [gguf_backend()])


def reasons(found: RuntimePlan) -> dict[str, str]:
    return {
        row.artifact: row.why.reason for row in found.alternatives if isinstance(row.why, Outranked)
    }


@pytest.mark.parametrize(
    ("prefer", "artifact"),
    [
        ("quality", "F16.gguf"),
        ("speed", "Q2_K.gguf"),
        ("memory", "Q2_K.gguf"),
        ("balanced", "Q4_K_M.gguf"),
    ],
)
def test_preferences_choose(prefer: str, artifact: str) -> None:
    assert planned(prefer).artifact.id == artifact


def test_a_fast_machine_takes_a_better_quantization() -> None:
    fast = evolve(BOX, memory_bandwidth=1e12)

    assert plan(PlanRequest(), ALL, fast, [gguf_backend()]).artifact.id == "Q8_0.gguf"


def test_losers_name_the_respect_and_the_figures() -> None:
    assert planned("balanced").reason == (
        "best of 4 that can run (preference `balanced`): faster than the next, `Q8_0.gguf` on "
        "`alpha`, `cpu`: about 8.66 tokens/s, not 4.97"
    )
    assert reasons(planned("balanced")) == {
        "Q8_0.gguf": "slower: about 4.97 tokens/s, not 8.66",
        "F16.gguf": "slower: about 2.65 tokens/s, not 8.66",
        "Q2_K.gguf": "lower quality: 2.6 bits a weight, not 4.85",
    }
    assert reasons(planned("quality"))["Q8_0.gguf"] == ("lower quality: 8.5 bits a weight, not 16")
    assert reasons(planned("memory"))["Q4_K_M.gguf"] == (
        "takes more memory: 5.22 GiB, 2.10 GiB apart"
    )


def test_more_context_comes_before_any_preference() -> None:
    small = machine(16 * GIB, 10 * GIB)
    request = PlanRequest(prefer=Preference.QUALITY)
    found = plan(request, model(Q4, Q8), small, [gguf_backend()])

    assert found.artifact.id == "Q4_K_M.gguf"
    assert reasons(found) == {"Q8_0.gguf": "less context fits: 8,192 tokens, not 16,384"}


@pytest.mark.parametrize(
    ("prefer", "artifact"),
    [
        ("balanced", "Q4_K_M.gguf"),
        ("quality", "Q4_K_M.gguf"),
        ("speed", "Q2_K.gguf"),
        ("memory", "Q2_K.gguf"),
    ],
)
def test_context_gives_way_before_weights_are_rounded_roughly(prefer: str, artifact: str) -> None:
    small = machine(8 * GIB, 6 * GIB)
    request = PlanRequest(prefer=Preference(prefer))
    found = plan(request, model(Q2, Q4), small, [gguf_backend()])

    assert found.artifact.id == artifact
    assert reasons(found) == (
        {"Q2_K.gguf": "lower quality: 2.6 bits a weight, not 4.85"}
        if artifact == "Q4_K_M.gguf"
        else {"Q4_K_M.gguf": "less context fits: 4,096 tokens, not 16,384"}
    )


def test_three_bits_come_before_two() -> None:
    small = machine(8 * GIB, 5 * GIB)
    three = artifact_8b("Q3_K_M.gguf", 3.9)
    found = plan(PlanRequest(), model(Q2, three), small, [gguf_backend()])

    assert found.artifact.id == "Q3_K_M.gguf"
    assert found.settings.context_length < 16_384


def test_an_older_type_is_worth_fewer_bits_than_it_has() -> None:
    older, newer = artifact_8b("Q5_0.gguf", 5.58), artifact_8b("Q5_K_M.gguf", 5.7)
    fast = evolve(BOX, memory_bandwidth=1e12)
    found = plan(PlanRequest(), model(older, newer), fast, [gguf_backend()])

    assert found.artifact.id == "Q5_K_M.gguf"
    assert reasons(found) == {"Q5_0.gguf": "lower quality: 5.08 bits a weight, not 5.7"}


def test_a_small_model_goes_to_the_accelerator_although_the_cpu_is_as_fast() -> None:
    gpu_here = evolve(gpu(24 * GIB), memory_bandwidth=50e9)
    box = machine(64 * GIB, accelerators=(gpu_here,))
    found = plan(PlanRequest(), model(Q4), box, [gguf_backend(ON_CPU, ON_GPU)])

    assert found.specialization.name == "cuda-full"
    assert reasons(found) == {
        "Q4_K_M.gguf": "less of it on an accelerator: 0% of the layers, not 100%"
    }


def test_the_next_best_comes_first_among_the_alternatives() -> None:
    order = [row.artifact for row in planned("quality").alternatives]

    assert order == ["Q8_0.gguf", "Q4_K_M.gguf", "Q2_K.gguf"]


def test_names_decide_between_equals() -> None:
    probes = [gguf_backend(backend=name) for name in ("zeta", "alpha", "mid")]
    found = plan(PlanRequest(), model(Q4), BOX, probes)

    assert found.backend == "alpha"
    assert found.reason.endswith(
        "equal to `Q4_K_M.gguf` on `mid`, `cpu` in every respect, and first by name"
    )
    assert found.alternatives[0].why == Outranked("equal in every respect; the names decide")


def test_the_only_candidate_says_so() -> None:
    found = plan(PlanRequest(), model(Q4), BOX, [gguf_backend()])

    assert found.reason == "the only candidate that can run here"


def test_an_accelerator_is_taken_before_the_cpu() -> None:
    box = machine(64 * GIB, accelerators=(gpu(24 * GIB),))

    assert plan(PlanRequest(), ALL, box, [gguf_backend(ON_CPU, ON_GPU)]).specialization.name == (
        "cuda-full"
    )
