"""What is here: models, and what `rt doctor` finds."""

from attrs import evolve

from lmrt.domain.diagnosis import BackendDiagnosis, Diagnosis, Failed, NotTried, Ran
from lmrt.wire.diagnosis import diagnosis_payload
from lmrt.wire.models import models_payload
from tests.support.json_values import not_plain
from tests.support.worlds import (
    GIB,
    Q4,
    Q8,
    gguf_backend,
    gpu,
    machine,
    missing_backend,
    model,
)


def test_models_come_with_their_artifacts() -> None:
    payload = models_payload([model(Q4, Q8), model(chat_template="{{ messages }}")])

    assert not_plain(payload) == []
    assert (payload["version"], payload["kind"]) == (1, "models")
    base, chat = payload["models"]
    assert [artifact["id"] for artifact in base["artifacts"]] == ["Q4_K_M.gguf", "Q8_0.gguf"]
    assert base["artifacts"][0]["size"] == Q4.size
    assert base["artifacts"][0]["quantization"] == {
        "name": "Q4_K_M",
        "bits_per_weight": 4.85,
        "method": None,
    }
    assert (base["layers"], base["trained_context"]) == (32, 131_072)
    assert (base["has_chat_template"], chat["has_chat_template"]) == (False, True)


def test_no_models_are_an_empty_list() -> None:
    assert models_payload([]) == {"version": 1, "kind": "models", "models": []}


def test_a_diagnosis_holds_machine_probes_and_trials() -> None:
    diagnosis = Diagnosis(
        version="0.1.0",
        machine=machine(64 * GIB, accelerators=(gpu(24 * GIB),)),
        backends=(
            BackendDiagnosis(
                gguf_backend(details=(("build", "AVX2"),)), Ran("hi", "cpu", 0, 4, None)
            ),
            BackendDiagnosis(missing_backend(), NotTried()),
            BackendDiagnosis(missing_backend("gamma"), Failed("load-failed", "no", None)),
        ),
    )

    payload = diagnosis_payload(diagnosis)

    assert not_plain(payload) == []
    assert (payload["version"], payload["kind"]) == (1, "diagnosis")
    assert (payload["lmrt_version"], payload["works"]) == ("0.1.0", True)
    assert payload["machine"]["accelerators"][0]["kind"] == "cuda"
    ran, gone, failed = payload["backends"]
    assert ran["probe"]["availability"] == {"type": "available", "version": "1.0"}
    assert ran["probe"]["details"] == [["build", "AVX2"]]
    assert ran["trial"]["type"] == "ran"
    assert gone["probe"]["availability"]["fix"] == "pip install beta"
    assert gone["trial"] == {"type": "not-tried"}
    assert failed["trial"]["code"] == "load-failed"
    nothing_ran = evolve(diagnosis, backends=diagnosis.backends[1:])
    assert diagnosis_payload(nothing_ran)["works"] is False
