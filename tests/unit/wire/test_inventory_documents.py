"""What is here: models, and what `rt doctor` finds."""

from pathlib import Path

from attrs import evolve

from lmrt.domain import diagnosis as doctor
from lmrt.domain import resolution
from lmrt.domain.diagnosis import BackendDiagnosis, Diagnosis, Ran
from lmrt.domain.references import Alias, HubRepository, LocalPath, UnderModelsDir
from lmrt.domain.resolution import Attempt, Failed, Follows, Found, Nothing, Resolution
from lmrt.wire.diagnosis import diagnosis_payload
from lmrt.wire.models import model_payload, pulled_payload
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


def _resolution(*attempts: Attempt, chat_template: str | None = None) -> Resolution:
    return Resolution(model(Q4, Q8, chat_template=chat_template), attempts)


def test_a_model_comes_with_its_artifacts() -> None:
    payload = model_payload(_resolution())
    chat = model_payload(_resolution(chat_template="{{ messages }}"))

    assert not_plain(payload) == []
    assert (payload["version"], payload["kind"]) == (1, "model")
    base = payload["model"]
    assert [artifact["id"] for artifact in base["artifacts"]] == ["Q4_K_M.gguf", "Q8_0.gguf"]
    assert base["artifacts"][0]["size"] == Q4.size
    assert base["artifacts"][0]["here"] is True
    assert base["artifacts"][0]["quantization"] == {
        "name": "Q4_K_M",
        "bits_per_weight": 4.85,
        "method": None,
    }
    assert (base["layers"], base["trained_context"]) == (32, 131_072)
    assert base["has_chat_template"] is False
    assert chat["model"]["has_chat_template"] is True


def test_a_model_comes_with_every_reading_of_its_reference() -> None:
    payload = model_payload(
        _resolution(
            Attempt(LocalPath("a"), "a", Nothing()),
            Attempt(UnderModelsDir("a"), "models/a", Failed("no-model-files", "empty")),
            Attempt(Alias("a"), "a", Follows("org/b")),
            Attempt(HubRepository("org/b"), "org/b", Found("org/b@1")),
            Attempt(LocalPath("c"), "c", resolution.NotTried()),
        )
    )

    assert not_plain(payload) == []
    assert [one["read_as"] for one in payload["readings"]] == [
        *("path", "models-dir", "alias", "hub", "path"),
    ]
    assert [one["outcome"] for one in payload["readings"]] == [
        {"type": "nothing"},
        {"type": "failed", "code": "no-model-files", "message": "empty"},
        {"type": "follows", "reference": "org/b"},
        {"type": "found", "location": "org/b@1"},
        {"type": "not-tried"},
    ]


def test_what_was_pulled_comes_with_its_place() -> None:
    payload = pulled_payload("org/b", [(Q4, Path("/hub/Q4_K_M.gguf"))])

    assert not_plain(payload) == []
    assert (payload["kind"], payload["reference"]) == ("pulled", "org/b")
    assert payload["artifacts"][0]["path"] == "/hub/Q4_K_M.gguf"


def test_a_diagnosis_holds_machine_probes_and_trials() -> None:
    diagnosis = Diagnosis(
        version="0.1.0",
        machine=machine(64 * GIB, accelerators=(gpu(24 * GIB),)),
        backends=(
            BackendDiagnosis(
                gguf_backend(details=(("build", "AVX2"),)), Ran("hi", "cpu", 0, 4, None)
            ),
            BackendDiagnosis(missing_backend(), doctor.NotTried()),
            BackendDiagnosis(missing_backend("gamma"), doctor.Failed("load-failed", "no", None)),
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
