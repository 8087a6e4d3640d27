"""The tolerance against what rounding really does, and against what is really wrong."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from attrs import evolve, frozen

from lmrt.adapters.gguf import GgufReader
from lmrt.adapters.llama_cpp import llama_cpp_backend
from lmrt.domain.config import KvType
from lmrt.domain.parity.precision import Precision, coarsest, precision_of
from tests.support.hf_models import write_family
from tests.support.hf_to_gguf import convert
from tests.support.plans import execution_settings, plan_for

pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

PROMPTS = tuple(
    [5 + (place * place * 7 + 11 * place) % 300 for place in range(n)] for n in (6, 200)
)
Logits = Sequence[Sequence[float]]


@frozen
class Measured:
    """The logits after each prompt, and what they were rounded to."""

    rows: Logits
    precision: Precision


def measure(file: Path, kv_type: KvType = KvType.F32) -> Measured:
    """Compute with llama.cpp; attention is fused where the cache is not f32, as it is planned."""
    settings = execution_settings(kv_type=kv_type, flash_attention=kv_type is not KvType.F32)
    (described,) = GgufReader().read(file)
    plan = evolve(plan_for(file, settings), artifact=described.artifact)
    model = llama_cpp_backend().load(plan, file.parent)
    rows = [list(model.logits(prompt)) for prompt in PROMPTS]
    model.close()
    return Measured(rows, precision_of(plan))


def excess(one: Measured, other: Measured) -> float:
    """Return the largest difference of two logits, in tolerances."""
    rounding = coarsest("one", "other", (one.precision, other.precision))
    found = []
    for first, second in zip(one.rows, other.rows, strict=True):
        spread = min(max(row) - min(row) for row in (first, second))
        apart = max(abs(a - b) for a, b in zip(first, second, strict=True))
        found.append(apart / rounding.tolerance(spread))
    return max(found)


@pytest.fixture(scope="module", params=["llama", "qwen3", "gemma2"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_family(request.param, tmp_path_factory.mktemp("family") / request.param)


@pytest.fixture(scope="module")
def exact(folder: Path) -> Measured:
    return measure(convert(folder, folder / "exact.gguf"))


@pytest.mark.parametrize("kind", ["F16", "BF16", "Q8_0"])
def test_weights_of_fewer_bits_stay_within(folder: Path, exact: Measured, kind: str) -> None:
    rounded = measure(convert(folder, folder / f"{kind}.gguf", kind=kind))
    assert 0.01 < excess(exact, rounded) < 1


def test_an_f16_cache_stays_within(folder: Path, exact: Measured) -> None:
    assert 0.01 < excess(exact, measure(folder / "exact.gguf", KvType.F16)) < 1


@pytest.mark.parametrize("kind", ["F32", "F16", "BF16", "Q8_0"])
def test_another_base_of_rope_does_not(folder: Path, exact: Measured, kind: str) -> None:
    wrong = measure(convert(folder, folder / "wrong.gguf", kind=kind, rope_base=10000.0))
    assert excess(exact, wrong) > 1


def test_unrelated_logits_are_further_apart_than_any_tolerance(exact: Measured) -> None:
    swapped = Measured(exact.rows[::-1], evolve(exact.precision, stored="Q2", stored_unit=1.0))
    assert excess(exact, swapped) > 1
