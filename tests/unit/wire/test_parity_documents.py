"""What `rt parity --json` prints."""

from pathlib import Path

from attrs import evolve

from lmrt.adapters.fake import FakeBackend, fake_probe
from lmrt.domain.notices import OptionIgnored
from lmrt.domain.probes import Unavailable, UnavailableReason
from lmrt.wire.parity import parity_payload
from tests.support.json_values import not_plain
from tests.support.parity import MODEL, ONE, OTHER, TwoBackends, report_on, request, write_both

GONE = Unavailable(UnavailableReason.NOT_INSTALLED, "it is not installed", "pip install it")


def test_a_report_is_one_document(tmp_path: Path) -> None:
    absent = FakeBackend(evolve(fake_probe("gone"), availability=GONE))
    payload = parity_payload(report_on(tmp_path, TwoBackends(more=(absent,))))

    assert not_plain(payload) == []
    assert (payload["version"], payload["kind"]) == (1, "parity")
    assert payload["verdict"] == {"type": "agree"}
    assert payload["prompts"] == ["hi", "how"]
    first, second = payload["backends"]
    assert (first["backend"], first["artifact"]) == (ONE, "tiny.gguf")
    assert first["precision"]["stored"] == "F32"
    assert first["precision"]["loaded"] is None
    assert (second["backend"], second["precision"]["kv_type"]) == (OTHER, "f32")
    (pair,) = payload["pairs"]
    assert pair["backends"] == [ONE, OTHER]
    assert pair["rounding"] == {
        "what": "f32 arithmetic",
        "unit": 2.0**-15,
        "factor": 16.0,
        "largest_share": 0.5,
    }
    compared = pair["prompts"][1]
    assert (compared["prompt"], compared["same_text"], compared["same_tokens"]) == (1, True, True)
    assert compared["logits"]["largest_difference"] == 0.0
    assert compared["logits"]["margin"] is None
    assert compared["verdict"] == {"type": "agree"}
    (left,) = payload["left_out"]
    assert (left["backend"], left["why"]["type"]) == ("gone", "cannot-run")
    assert left["why"]["rejected"][0]["why"]["rejections"][0]["fix"] == "pip install it"


def test_a_disagreement_names_its_stage(tmp_path: Path) -> None:
    folder = write_both(tmp_path, one=evolve(MODEL, template="{{ messages[-1].content }}"))
    payload = parity_payload(TwoBackends().check().run(request(folder)))

    assert payload["verdict"]["type"] == "disagree"
    assert payload["verdict"]["stage"] == "rendered-prompt"
    compared = payload["pairs"][0]["prompts"][0]
    assert compared["logits"] is None
    assert compared["shared_tokens"] is None


def test_notices_carry_their_message(tmp_path: Path) -> None:
    report = report_on(tmp_path, TwoBackends())
    notice = OptionIgnored("system", "raw text has no turns")
    told = evolve(report, backends=tuple(evolve(run, notices=(notice,)) for run in report.backends))

    payload = parity_payload(told)

    assert not_plain(payload) == []
    assert payload["backends"][0]["notices"] == [
        {
            "code": "option-ignored",
            "option": "system",
            "reason": "raw text has no turns",
            "message": "`system` is ignored: raw text has no turns",
        }
    ]
