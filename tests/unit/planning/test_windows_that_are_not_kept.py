"""An engine that ignores a model's sliding windows is not planned beyond them."""

import pytest
from attrs import evolve

from lmrt.domain.errors import NoExecutablePlan
from lmrt.domain.models import FullAttention, LayerShape, ResolvedModel, SlidingAttention
from lmrt.domain.notices import ContextReduced
from lmrt.domain.planning import plan
from lmrt.domain.plans import PlanRequest, RuntimePlan
from lmrt.domain.probes import BackendProbe
from lmrt.domain.rejections import WindowUnsupported
from tests.support.worlds import GIB, Q4, gguf_backend, machine, model

SLIDING, FULL = SlidingAttention(8, 128, 128, window=4096), FullAttention(8, 128, 128)
BLIND = evolve(gguf_backend(), windowless=frozenset({"llama"}))


def sliding(*layers: LayerShape) -> ResolvedModel:
    found = model(Q4)
    return evolve(found, shape=evolve(found.shape, layers=layers * (32 // len(layers))))


def planned(found: ResolvedModel, probe: BackendProbe, context: int | None = None) -> RuntimePlan:
    return plan(PlanRequest(context_length=context), found, machine(64 * GIB, 64 * GIB), [probe])


def test_the_default_context_ends_at_the_window() -> None:
    found = planned(sliding(SLIDING, FULL), BLIND)

    assert found.settings.context_length == 4096
    assert found.notices == (ContextReduced(16_384, 4096),)


def test_more_is_refused_with_both_numbers() -> None:
    with pytest.raises(NoExecutablePlan) as refused:
        planned(sliding(SLIDING, FULL), BLIND, context=8192)

    (row,) = refused.value.rejected
    assert row.why.rejections == (WindowUnsupported(8192, 4096),)
    assert refused.value.hint == "ask for at most 4,096 tokens with `--context`"


def test_as_much_as_the_window_is_allowed() -> None:
    assert planned(sliding(SLIDING, FULL), BLIND, context=4096).settings.context_length == 4096


@pytest.mark.parametrize("layers", [(SLIDING,), (FULL,)])
def test_layers_of_one_kind_are_no_trouble(layers: tuple[LayerShape, ...]) -> None:
    assert planned(sliding(*layers), BLIND).settings.context_length == 16_384


def test_an_engine_that_keeps_windows_takes_it_all() -> None:
    assert planned(sliding(SLIDING, FULL), gguf_backend()).settings.context_length == 16_384
