"""What `rt parity` shows people."""

from pathlib import Path

import pytest
from attrs import evolve

from lmrt.adapters.fake import FakeBackend, fake_probe
from lmrt.cli.parity import _show
from lmrt.domain.parity.report import ParityReport
from lmrt.domain.probes import Unavailable, UnavailableReason
from tests.support.parity import MODEL, ONE, OTHER, TwoBackends, report_on, request, write_both

GONE = Unavailable(UnavailableReason.NOT_INSTALLED, "it is not installed", "pip install it")
PAIR = f"{ONE} / {OTHER}"


def shown(report: ParityReport, capsys: pytest.CaptureFixture[str], *, quiet: bool = False) -> str:
    """Return stdout, a single space wherever there are several."""
    _show(report, json=False, quiet=quiet)
    return "\n".join(" ".join(line.split()) for line in capsys.readouterr().out.splitlines())


def test_agreement(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = report_on(tmp_path, TwoBackends())
    timed = evolve(
        report, backends=tuple(evolve(run, decode_rate=1234.5) for run in report.backends)
    )
    tolerance = max(
        row.logits.tolerance for row in report.pairs[0].prompts[:1] if row.logits is not None
    )
    tokens = sum(max(row.answer_tokens) for row in report.pairs[0].prompts)
    assert shown(timed, capsys) == (
        "backend artifact weights KV cache path tokens/s\n"
        f"{ONE} tiny.gguf F32 f32 cpu 1,234.5\n"
        f"{OTHER} SAFETENSORS F32 f32 cpu 1,234.5\n"
        "\n"
        "backends same text same ids same tokens logits apart tolerance top 10 verdict\n"
        f"{PAIR} 2 of 2 2 of 2 {tokens} of {tokens} 0.0e+00 {tolerance:.1e} 20 of 20 agree\n"
        "\n"
        "tolerance: 16 x the coarsest rounding, at most 0.5, x the spread of the logits\n"
        f"{PAIR}: f32 arithmetic, off by up to 3.1e-05"
    )


def test_prompts_that_disagree_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_both(tmp_path, one=evolve(MODEL, template="{{ messages[-1].content }}"))
    many = tuple(f"prompt {number}" for number in range(8))
    text = shown(TwoBackends().check().run(request(folder, prompts=many)), capsys)
    assert f"{PAIR} 0 of 8 0 of 8 0 of " in text
    assert text.count(" - - - disagree: rendered-prompt") == 1
    assert f"{PAIR}, prompt 5: rendered-prompt: the texts part at character 1: " in text
    assert "prompt 6: " not in text
    assert f"{PAIR}: 3 more prompts, see `--json`" in text


def test_what_was_left_out_is_on_stderr_with_its_fix(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = FakeBackend(evolve(fake_probe("gone"), availability=GONE))
    report = report_on(tmp_path, TwoBackends(more=(absent,)))
    _show(report, json=False, quiet=False)
    told = capsys.readouterr().err
    assert told == (
        "left out: gone: backend-unavailable: it is not installed\nfix: pip install it\n"
    )
    _show(report, json=False, quiet=True)
    assert capsys.readouterr().err == ""
