"""Rounded weights are what a plain model of the rounded values computes, in their own memory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from lmrt.adapters.torch.rounded import EXPERT_WEIGHTS, SCALES, RoundedLinear
from lmrt.adapters.torch.rounding import INT4, INT8, ROUNDINGS, Rounding
from lmrt.domain.config import Dtype, KvType
from lmrt.domain.errors import LoadFailed
from tests.integration.torch_backend.support import engine_model, load
from tests.support.hf_models import write_family
from tests.support.sequences import admit, drain, request, run

PROMPT = (7, 21, 30, 7, 21, 9, 28, 7)
OTHER = (22, 23, 24, 25, 26)
BFLOAT16 = 0.02
"""Share of the largest logit that the kernels' bfloat16 may change, some layers deep."""


def unrounded(rounding: Rounding, columns: int, rounded: tuple[torch.Tensor, torch.Tensor]) -> Any:
    """Return the matrix that rounded weights stand for, (rows, columns)."""
    integers, scales = rounded
    if rounding is INT8:
        return integers.float() * scales.float()[:, None]
    unit = torch.eye(columns)
    return rounding.product(unit, rounded).mT


def plain_twin(model: Any, folder: Path, rounding: Rounding) -> Any:
    """Return transformers' own model with the values that the rounded one has."""
    from transformers import AutoModelForCausalLM

    twin: Any = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager")
    places = dict(twin.named_modules())
    with torch.no_grad():
        for name, module in model.named_modules():
            if isinstance(module, RoundedLinear):
                rounded = module.weight, module.weight_scales
                places[name].weight.copy_(unrounded(rounding, module.in_features, rounded))
            for weight in EXPERT_WEIGHTS:
                scales = getattr(module, weight + SCALES, None)
                if scales is not None:
                    for number, integers in enumerate(getattr(module, weight)):
                        place = getattr(places[name], weight)[number]
                        rounded = integers, scales[number]
                        place.copy_(unrounded(rounding, place.shape[-1], rounded))
    return twin.eval()


@pytest.mark.parametrize("dtype", [Dtype.INT8, Dtype.INT4])
@pytest.mark.parametrize("family", ["llama", "gemma3", "mixtral"])
@torch.inference_mode()
def test_logits_are_those_of_the_rounded_values(
    family: str, dtype: Dtype, hf_folders: Callable[[str], Path]
) -> None:
    folder = hf_folders(family)
    model = load(folder, dtype=dtype, batch_size=64)
    twin = plain_twin(engine_model(model), folder, ROUNDINGS[dtype])
    for text in (PROMPT, OTHER * 8):
        expected = twin(torch.tensor([text]), use_cache=False).logits[0, -1]
        difference = torch.tensor(model.logits(text)) - expected
        assert difference.abs().max() < BFLOAT16 * expected.abs().max()
    assert (model.facts.dtype, model.facts.kv_type) == (dtype, KvType.F32)
    model.close()


def test_rounding_changes_the_logits(hf_folders: Callable[[str], Path]) -> None:
    """Or the test above would compare a model with itself."""
    exact, rounded = load(hf_folders("llama")), load(hf_folders("llama"), dtype=Dtype.INT4)
    expected = torch.tensor(exact.logits(PROMPT))
    difference = torch.tensor(rounded.logits(PROMPT)) - expected
    assert difference.abs().max() > 3 * BFLOAT16 * expected.abs().max()


@pytest.mark.parametrize("dtype", [Dtype.INT8, Dtype.INT4])
def test_sequences_together_get_the_tokens_they_get_alone(
    dtype: Dtype, hf_folders: Callable[[str], Path]
) -> None:
    model = load(hf_folders("mixtral"), dtype=dtype, batch_size=16)
    asked = request(PROMPT), request(OTHER)
    alone = [run(load(hf_folders("mixtral"), dtype=dtype), each).tokens for each in asked]
    handles = [admit(model, each) for each in asked]
    heard = drain(model, *handles)
    assert [heard[handle].tokens for handle in handles] == alone
    model.close()


@pytest.mark.parametrize(("dtype", "bits"), [(Dtype.INT8, 8.0), (Dtype.INT4, 4.5)])
def test_the_layers_take_what_the_planner_counts(
    dtype: Dtype, bits: float, hf_folders: Callable[[str], Path]
) -> None:
    assert dtype.bits == bits
    model = engine_model(load(hf_folders("llama"), dtype=dtype))
    layers = [each for each in model.modules() if isinstance(each, RoundedLinear)]
    assert len(layers) == 7 * 3
    weights = sum(each.in_features * each.out_features for each in layers)
    taken = sum(each.weight.nbytes + each.weight_scales.nbytes for each in layers)
    # One scale a row is counted as nothing: that is 16 bits in 64 columns of this model.
    assert taken <= weights * (bits + (0.26 if dtype is Dtype.INT8 else 0)) / 8
    assert model.lm_head.weight.dtype == model.model.embed_tokens.weight.dtype == torch.float32


@pytest.mark.parametrize("rounding", [INT8, INT4])
@pytest.mark.parametrize("rows", [1, 16, 17, 40])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_products(rounding: Rounding, rows: int, dtype: torch.dtype) -> None:
    random = torch.Generator().manual_seed(0)
    weight = torch.randn(48, 128, generator=random)
    weight[3], weight[4], weight[5] = 0.0, 1.5, -1e-3
    inputs = torch.randn(rows, 128, generator=random).to(dtype)
    rounded = rounding.round(weight)
    exact = unrounded(rounding, 128, rounded)
    step = (weight.amax(1) - weight.amin(1)) / (2**rounding.bits - 1)
    limit = weight.abs().amax(1) / 127 if rounding is INT8 else step
    assert ((exact - weight).abs() <= 0.55 * limit[:, None] + 0.01 * weight.abs()).all()
    found = rounding.product(inputs, rounded)
    assert found.dtype == dtype
    expected = inputs.float() @ exact.mT
    assert (found.float() - expected).abs().max() < 0.02 * expected.abs().max()
    assert tuple(rounded[1].shape) == rounding.scales(48, 128)


def test_experts_that_do_not_fit_the_kernels_are_refused(tmp_path: Path) -> None:
    folder = write_family("qwen3-moe", tmp_path / "moe", moe_intermediate_size=32)
    with pytest.raises(LoadFailed) as caught:
        load(folder, dtype=Dtype.INT4)
    assert "experts of 64 rows and 32 columns" in (caught.value.note or "")


def test_a_few_matrices_that_do_not_fit_the_kernels_stay_as_they_are(tmp_path: Path) -> None:
    shape = {"num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 8}
    folder = write_family("llama", tmp_path / "odd", intermediate_size=512, **shape)
    model = load(folder, dtype=Dtype.INT4)
    first = engine_model(model).model.layers[0]
    assert isinstance(first.self_attn.q_proj, RoundedLinear)
    assert first.self_attn.k_proj.weight.dtype == torch.float32
    assert len(run(model, request(PROMPT)).tokens) == 16
    model.close()


def test_many_of_them_are_refused(tmp_path: Path) -> None:
    folder = write_family("llama", tmp_path / "odd", intermediate_size=72)
    with pytest.raises(LoadFailed) as caught:
        load(folder, dtype=Dtype.INT4)
    assert "rounded to 4 bits" in (caught.value.note or "")
