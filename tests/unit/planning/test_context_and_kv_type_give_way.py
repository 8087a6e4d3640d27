from typing import Any

import pytest

from lmrt.domain.config import KvType
from lmrt.domain.errors import NoExecutablePlan
from lmrt.domain.models import FullAttention
from lmrt.domain.notices import ContextReduced, KvTypeReduced
from lmrt.domain.planning import plan
from lmrt.domain.planning.context import context_ladder
from lmrt.domain.plans import PlanRequest, RuntimePlan
from lmrt.domain.probes import Feature
from tests.support.worlds import GIB, MIB, Q4, gguf_backend, machine, model

BASE = Q4.weights.total + 64 * MIB + 512 * MIB  # weights, engine, margin
BATCH = 512


def kv(context: int, kv_type: KvType = KvType.F16) -> int:
    return int(32 * 8 * 256 * context * kv_type.bits / 8)


def buffers(context: int) -> int:
    return BATCH * 4 * (16 + context // 2 + 3 * 14336 + 4 * 4096) + 4 * 128_256 * 4


def planned(free: int, **request: Any) -> RuntimePlan:
    box = machine(8 * GIB, free)
    return plan(PlanRequest(**request), model(Q4), box, [gguf_backend()])


@pytest.mark.parametrize(
    ("trained", "expected"),
    [
        (None, (16_384, 8192, 4096)),
        (131_072, (16_384, 8192, 4096)),
        (10_000, (10_000, 5000, 4096)),
        (4096, (4096,)),
        (2048, (2048,)),
    ],
)
def test_the_default_is_halved_down_to_4096(trained: int | None, expected: tuple[int, ...]) -> None:
    assert context_ladder(PlanRequest(), model(trained_context=trained)) == expected


def test_the_default_is_kept_while_it_fits() -> None:
    found = planned(BASE + kv(16_384) + buffers(16_384))

    assert (found.settings.context_length, found.notices) == (16_384, ())


def test_one_byte_less_halves_the_context_with_a_notice() -> None:
    found = planned(BASE + kv(16_384) + buffers(16_384) - 1)

    assert found.settings.context_length == 8192
    assert found.notices == (ContextReduced(16_384, 8192),)


def test_below_4096_tokens_a_smaller_kv_type_is_taken_with_a_notice() -> None:
    found = planned(BASE + kv(4096) + buffers(4096) - 1)

    assert (found.settings.context_length, found.settings.kv_type) == (4096, KvType.Q8_0)
    assert found.notices == (ContextReduced(16_384, 4096), KvTypeReduced("f16", "q8_0"))


def test_the_smallest_type_is_the_last_resort() -> None:
    free = BASE + kv(4096, KvType.Q8_0) + buffers(4096) - 1

    assert planned(free).settings.kv_type is KvType.Q4_0


def test_a_pinned_type_is_kept_or_refused() -> None:
    free = BASE + kv(4096) + buffers(4096)

    assert planned(free, kv_type=KvType.F16).settings.kv_type is KvType.F16
    with pytest.raises(NoExecutablePlan):
        planned(free - 1, kv_type=KvType.F16)


def test_an_explicit_context_is_never_cut() -> None:
    free = BASE + kv(8192) + buffers(8192)

    assert planned(free, context_length=8192).settings.context_length == 8192
    with pytest.raises(NoExecutablePlan):
        planned(free - 1, context_length=8192, kv_type=KvType.F16)


def test_heads_that_are_no_multiple_of_the_block_rule_quantized_types_out() -> None:
    odd = model(Q4, layers=(FullAttention(8, 80, 80),) * 32)

    with pytest.raises(NoExecutablePlan) as caught:
        plan(PlanRequest(kv_type=KvType.Q8_0), odd, machine(64 * GIB), [gguf_backend()])
    assert caught.value.hint == "give `--kv-type` one of `f16`, `f32`"


def test_quantized_types_need_fused_attention() -> None:
    plain = gguf_backend(features=frozenset({Feature.PARTIAL_OFFLOAD}))

    with pytest.raises(NoExecutablePlan) as caught:
        plan(PlanRequest(kv_type=KvType.Q8_0), model(Q4), machine(64 * GIB), [plain])
    assert caught.value.note == (
        "closest is `Q4_K_M.gguf` on `alpha`, `cpu`: lacks `flash-attention`"
    )
