"""What the error says where nothing can run: pinned word for word."""

from typing import Any

import pytest
from attrs import evolve

from lmrt.domain.counterfactuals import MemoryFreed
from lmrt.domain.errors import NoExecutablePlan
from lmrt.domain.models import Artifact, ArtifactFormat
from lmrt.domain.notices import VariantLeftOut
from lmrt.domain.planning import counterfactuals, plan
from lmrt.domain.plans import PlanRequest, Rejected
from lmrt.domain.probes import BackendProbe, Feature
from tests.support.worlds import (
    F16,
    GIB,
    Q4,
    Q8,
    gguf_backend,
    machine,
    missing_backend,
    model,
)

SAFETENSORS = evolve(F16, id="model.safetensors", format=ArtifactFormat.SAFETENSORS)


def refused(
    *probes: BackendProbe,
    memory: int = 64 * GIB,
    artifacts: tuple[Artifact, ...] = (Q4,),
    **asked: Any,
) -> NoExecutablePlan:
    with pytest.raises(NoExecutablePlan) as caught:
        plan(PlanRequest(**asked), model(*artifacts), machine(memory), probes)
    return caught.value


def test_a_missing_backend_names_the_command_that_installs_it() -> None:
    gone = missing_backend(formats=frozenset({ArtifactFormat.GGUF}))
    error = refused(gone)

    assert error.message == "`Llama 3 8B` cannot run here: 1 candidate rejected"
    assert error.note == "closest is `Q4_K_M.gguf` on `beta`: `beta` is not installed"
    assert error.hint == "pip install beta"
    assert error.context == {"model": "llama3:8b", "candidates": 1}


def test_a_backend_that_could_not_read_the_model_is_not_advised() -> None:
    other = missing_backend("gamma", formats=frozenset({ArtifactFormat.GGUF}))
    error = refused(missing_backend(), other)

    assert error.hint == "pip install gamma"


def test_the_smallest_shortage_of_memory_is_named() -> None:
    error = refused(gguf_backend(), memory=4 * GIB, artifacts=(F16, Q8, Q4))

    assert error.message == "`Llama 3 8B` cannot run here: 3 candidates rejected"
    assert error.note == (
        "closest is `Q4_K_M.gguf` on `alpha`, `cpu`: needs 4.86 GiB of main memory, 3.50 GiB can "
        "be used: short by 1.36 GiB"
    )
    assert error.hint == "take a smaller model or quantization: all of main memory is too little"


def test_what_to_free_is_what_the_counterfactual_tells() -> None:
    # 3 GiB are free of 32: half of them may be used, and the margin grows with what is freed.
    with pytest.raises(NoExecutablePlan) as caught:
        plan(PlanRequest(), model(Q4), machine(32 * GIB, 3 * GIB), [gguf_backend()])
    (shortage,) = caught.value.rejected[0].why.rejections
    (told,) = counterfactuals(
        PlanRequest(),
        model(Q4),
        machine(32 * GIB, 3 * GIB),
        [gguf_backend()],
        caught.value.rejected,
    )

    assert told.change == MemoryFreed("cpu", shortage.to_free)
    assert caught.value.hint == "free 3.46 GiB of main memory"


def test_the_pin_to_drop_is_named() -> None:
    error = refused(gguf_backend(), missing_backend(), backend="beta")

    assert error.hint == "leave out `--backend beta`"
    assert error.note == "closest is `Q4_K_M.gguf` on `alpha`, `cpu`: `--backend` asks for `beta`"


def test_a_device_that_is_not_there_is_named_with_those_that_are() -> None:
    error = refused(gguf_backend(), device="cuda:0")
    reasons = {
        row.device: [
            (found.code, getattr(found, "available", None)) for found in row.why.rejections
        ]
        for row in error.rejected
        if isinstance(row.why, Rejected)
    }

    assert reasons == {
        "cpu": [("pinned-elsewhere", None)],
        "cuda:0": [("device-unavailable", ("cpu",))],
    }
    assert error.hint == "leave out `--device cuda:0`"


def test_too_long_a_context_names_the_longest() -> None:
    error = refused(gguf_backend(), context_length=200_000)

    assert error.hint == "ask for at most 131,072 tokens with `--context`"


def test_a_format_that_nothing_reads_has_no_easy_hint() -> None:
    error = refused(gguf_backend(), artifacts=(SAFETENSORS,))

    assert (
        error.note
        == "closest is `model.safetensors` on `alpha`, `cpu`: reads no SAFETENSORS, only GGUF"
    )
    assert error.hint is None


def test_reasons_are_all_collected() -> None:
    code = evolve(Q4, id="weights.bin", format=ArtifactFormat.PICKLE, remote_code="modeling.py")
    error = refused(gguf_backend(), artifacts=(code,), backend="beta", context_length=200_000)
    (row,) = error.rejected

    assert isinstance(row.why, Rejected)
    assert [found.code for found in row.why.rejections] == [
        "pinned-elsewhere",
        "format-unsupported",
        "context-exceeded",
        "remote-code-required",
        "unsafe-format",
    ]


def test_dangerous_files_need_an_explicit_word() -> None:
    code = evolve(Q4, remote_code="modeling.py")
    probe = gguf_backend()

    assert "modeling.py" in str(refused(probe, artifacts=(code,)).note)
    note = refused(probe, artifacts=(code,), allow_remote_code=True).note
    assert str(note).endswith("lacks `remote-code`")
    able = evolve(probe, features=probe.features | {Feature.REMOTE_CODE})
    assert "modeling.py" in str(refused(able, artifacts=(code,)).note)
    allowed = plan(PlanRequest(allow_remote_code=True), model(code), machine(64 * GIB), [able])
    assert allowed.artifact is code


def test_code_of_a_known_architecture_is_not_needed() -> None:
    code = evolve(Q4, remote_code="modeling.py")
    knowing = evolve(gguf_backend(), architectures=frozenset({code.architecture}))
    assert plan(PlanRequest(), model(code), machine(64 * GIB), [knowing]).artifact is code


def test_without_backends_there_are_no_candidates() -> None:
    assert refused().message == "`Llama 3 8B` cannot run here: no backend to run it"


def test_what_was_remarked_of_the_model_is_told_too() -> None:
    left_out = VariantLeftOut("meta-llama/Llama", "it is gated")
    remarked = model(Q4, notices=(left_out,))
    with pytest.raises(NoExecutablePlan) as caught:
        plan(PlanRequest(), remarked, machine(4 * GIB), [gguf_backend()])

    assert caught.value.note is not None
    assert caught.value.note.splitlines()[1:] == [left_out.message]
    with pytest.raises(NoExecutablePlan) as caught:
        plan(PlanRequest(), remarked, machine(4 * GIB), [])
    assert caught.value.note == left_out.message


def test_the_smallest_that_would_fit_is_named_with_what_it_needs() -> None:
    error = refused(gguf_backend(), memory=4 * GIB, artifacts=(Q8, Q4))

    assert error.context["smallest"]["artifact"] == "Q4_K_M.gguf"
    row = next(row for row in error.rejected if row.artifact == "Q4_K_M.gguf")
    assert error.context["smallest"]["needed"] == row.candidate.memory.total
