"""A GGUF that is not the model beside it is caught, and the stage says what is wrong with it."""

from pathlib import Path
from typing import Any

import pytest

from lmrt.application.parity import ParityCheck
from lmrt.application.parity_disagreement import disagreement
from lmrt.domain.parity.report import ParityReport
from lmrt.domain.parity.verdicts import Agree, Disagree, Stage
from tests.integration.parity.support import ALL, request
from tests.support.hf_models import write_family
from tests.support.hf_to_gguf import convert
from tests.support.tiny_models import CHAT_TEMPLATE

WITH_GGUF = (("llama.cpp", "mlx"), ("llama.cpp", "torch"))


@pytest.fixture(scope="module", params=["llama", "qwen3"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("family") / request.param
    return write_family(request.param, place, vocab_size=1024)


def report_on(check: ParityCheck, folder: Path, **wrong: Any) -> ParityReport:
    convert(folder, folder / "model.gguf", **wrong)
    report = check.run(request(folder, max_tokens=16))
    assert {run.backend for run in report.backends} == ALL
    return report


def stages(report: ParityReport) -> dict[tuple[str, str], Stage]:
    """Return the stage at which each pair disagrees, without those that agree."""
    return {
        pair.backends: pair.verdict.stage
        for pair in report.pairs
        if isinstance(pair.verdict, Disagree)
    }


@pytest.mark.parametrize(
    ("wrong", "stage"),
    [
        ({"rope_base": 10000.0}, Stage.LOGITS),
        ({"rope_base": 490000.0}, Stage.LOGITS),
        ({"pre_tokenizer": "llama-bpe"}, Stage.TOKEN_IDS),
        ({"pre_tokenizer": "default"}, Stage.TOKEN_IDS),
        ({"template": "{{ bos_token }}" + CHAT_TEMPLATE}, Stage.RENDERED_PROMPT),
        ({"template": CHAT_TEMPLATE.replace("<|assistant|>", " ")}, Stage.RENDERED_PROMPT),
    ],
)
def test_what_is_wrong_with_the_gguf_shows_where_it_is_wrong(
    check: ParityCheck, folder: Path, wrong: dict[str, Any], stage: Stage
) -> None:
    report = report_on(check, folder, **wrong)
    assert stages(report) == dict.fromkeys(WITH_GGUF, stage)
    error = disagreement(report)
    assert error is not None
    assert error.context["stage"] == str(stage)


def test_queries_and_keys_in_the_order_of_the_directory(check: ParityCheck, tmp_path: Path) -> None:
    report = report_on(check, write_family("llama", tmp_path / "llama"), interleave=False)
    assert stages(report) == dict.fromkeys(WITH_GGUF, Stage.LOGITS)


def test_a_beginning_that_is_missing(check: ParityCheck, tmp_path: Path) -> None:
    folder = write_family("llama", tmp_path / "llama")
    without = CHAT_TEMPLATE.removeprefix("{{ bos_token }}")
    (folder / "chat_template.jinja").write_text(without, "utf-8")
    assert report_on(check, folder).verdict == Agree()
    assert stages(report_on(check, folder, add_bos=False)) == dict.fromkeys(
        WITH_GGUF, Stage.TOKEN_IDS
    )


def test_a_right_one_passes(check: ParityCheck, folder: Path) -> None:
    assert report_on(check, folder).verdict == Agree()
