"""Which rounding counts between two backends, and how far apart it may put their logits."""

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from lmrt.domain.config import Dtype, KvType
from lmrt.domain.models import Quantization
from lmrt.domain.parity.precision import Precision, Rounding, coarsest, precision_of
from lmrt.domain.plans import OnDevice
from tests.support.plans import execution_settings, plan_for

F32 = Precision("F32", 2.0**-15, None, KvType.F32, accelerated=False)
EXACT = 2.0**-15


def between(one: Precision, other: Precision) -> tuple[str, float]:
    found = coarsest("a", "b", (one, other))
    assert found.unit == coarsest("b", "a", (other, one)).unit
    return found.what, found.unit


@pytest.mark.parametrize(
    ("changes", "what", "unit"),
    [
        ({}, "f32 arithmetic", EXACT),
        ({"loaded": Dtype.F32}, "f32 arithmetic", EXACT),
        ({"loaded": Dtype.F16}, "f16 weights of `b`", 2.0**-11),
        ({"loaded": Dtype.BF16}, "bf16 weights of `b`", 2.0**-8),
        ({"loaded": Dtype.INT8}, "int8 weights of `b`", 2.0**-6),
        ({"loaded": Dtype.INT4}, "int4 weights of `b`", 2.0**-2.5),
        ({"kv_type": KvType.F16}, "f16 KV cache of `b`", 2.0**-11),
        ({"kv_type": KvType.Q8_0}, "q8_0 KV cache of `b`", 2.0**-6.5),
        ({"accelerated": True}, "f32 on the accelerator of `b`", 2.0**-11),
        ({"loaded": Dtype.F16, "kv_type": KvType.Q4_0}, "q4_0 KV cache of `b`", 2.0**-2.5),
    ],
)
def test_the_coarsest_counts(changes: dict[str, Any], what: str, unit: float) -> None:
    assert between(F32, evolve(F32, **changes)) == (what, unit)


def test_weights_that_both_store_in_16_bits_and_load_in_32_are_exact() -> None:
    stored = Precision("F16", 2.0**-11, Dtype.F32, KvType.F32, accelerated=False)
    assert between(stored, stored) == ("f32 arithmetic", EXACT)


def test_weights_stored_in_two_ways_may_have_lost_bits_before() -> None:
    stored = Precision("F16", 2.0**-11, Dtype.F32, KvType.F32, accelerated=False)
    what, unit = between(F32, stored)
    assert what == "weights stored as F32 and as F16"
    assert unit == 2.0**-11


def plan_of(name: str, bits: float, **changes: Any) -> Any:
    plan = plan_for(Path("/nowhere/model.gguf"), execution_settings(kv_type=KvType.BF16))
    rounded = evolve(plan.artifact, quantization=Quantization(name, bits), **changes)
    return evolve(plan, artifact=rounded)


@pytest.mark.parametrize(
    ("name", "bits", "unit"),
    [("F32", 32.0, 2.0**-15), ("F16", 16.0, 2.0**-11), ("BF16", 16.01, 2.0**-8)],
)
def test_what_an_artifact_stores(name: str, bits: float, unit: float) -> None:
    found = precision_of(plan_of(name, bits))
    assert (found.stored, found.stored_unit) == (name, unit)
    assert (found.kv_type, found.accelerated) == (KvType.BF16, False)


def test_an_artifact_that_is_rounded_in_blocks_goes_by_its_bits() -> None:
    assert precision_of(plan_of("Q4_K_M", 4.5)).stored_unit == 2.0**-2.5
    # Its scales are f16, which says nothing about its weights.
    scaled = plan_of("4-bit", 4.5, dtype=Dtype.F16)
    rounded = evolve(scaled.artifact, quantization=Quantization("4-bit", 4.5, "mlx"))
    assert precision_of(evolve(scaled, artifact=rounded)).stored_unit == 2.0**-2.5


def test_layers_on_a_device_are_told() -> None:
    plan = plan_of("F32", 32.0)
    placed = evolve(plan, chosen=evolve(plan.chosen, placement=OnDevice("cuda:0")))
    assert precision_of(placed).accelerated


@pytest.mark.parametrize(
    ("unit", "tolerance"),
    [(2.0**-15, 32 / 2048), (2.0**-11, 0.25), (2.0**-8, 2.0), (2.0**-5, 16.0), (1.0, 16.0)],
)
def test_the_tolerance_is_a_share_of_the_spread_half_at_most(unit: float, tolerance: float) -> None:
    assert Rounding("it", unit).tolerance(32.0) == tolerance
