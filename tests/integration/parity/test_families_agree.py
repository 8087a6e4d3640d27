"""Every backend computes the same on tiny random models of many families."""

from pathlib import Path

import pytest

from lmrt.application.parity import ParityCheck
from lmrt.domain.errors import NoExecutablePlan
from lmrt.domain.parity.verdicts import Disagree
from tests.integration.parity.support import ALL, assert_the_same, request
from tests.support.hf_models import FAMILIES, write_family
from tests.support.hf_to_gguf import ARCHITECTURES, convert

CONVERTED = [name for name, (model_type, _) in FAMILIES.items() if model_type in ARCHITECTURES]
TABLES = {"gemma2"}
"""Families whose activation llama.cpp looks up in a table of 16-bit values."""

REFUSED = {"gemma2": "mlx", "mamba": "torch", "lfm2": "torch"}
"""Families that one backend refuses: a sliding window, or a recurrent state, that it lacks."""


@pytest.mark.parametrize("family", sorted(FAMILIES.keys() - REFUSED))
def test_mlx_and_torch_draw_the_same_64_tokens(
    check: ParityCheck, tmp_path: Path, family: str
) -> None:
    folder = write_family(family, tmp_path / family)
    report = check.run(request(folder))
    assert {run.backend for run in report.backends} == {"mlx", "torch"}
    (pair,) = report.pairs
    assert_the_same(pair)
    assert sum(row.answer_tokens == (64, 64) for row in pair.prompts) >= 1


@pytest.mark.parametrize("family", REFUSED)
def test_a_backend_that_would_be_wrong_is_left_out(
    check: ParityCheck, tmp_path: Path, family: str
) -> None:
    folder = write_family(family, tmp_path / family)
    with pytest.raises(NoExecutablePlan) as caught:
        check.run(request(folder, max_tokens=1))
    assert caught.value.code == "parity-needs-two"
    (able,) = caught.value.context["able"]
    assert {able, REFUSED[family]} == {"mlx", "torch"}


@pytest.mark.parametrize("family", CONVERTED)
def test_llama_cpp_draws_them_too(check: ParityCheck, tmp_path: Path, family: str) -> None:
    folder = write_family(family, tmp_path / family)
    convert(folder, folder / "model.gguf")
    report = check.run(request(folder))
    assert {run.backend for run in report.backends} == ALL - {REFUSED.get(family)}
    for pair in report.pairs:
        if family in TABLES and "llama.cpp" in pair.backends:
            assert not isinstance(pair.verdict, Disagree), pair.verdict
        else:
            assert_the_same(pair)
