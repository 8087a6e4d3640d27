"""What is planned for the catalogue's models on other machines: each page compared whole.

After a change that is meant, `python -m tests.golden.plans` writes the pages anew; every line that
differs then has to be defended in `docs/planner.md`.
"""

import json
from collections.abc import Mapping

import pytest

from lmrt.domain.errors import NoExecutablePlan
from lmrt.domain.models import Artifact, FullAttention, ResolvedModel
from lmrt.domain.planning import plan
from lmrt.domain.plans import PlanRequest, RuntimePlan, SplitLayers, SpreadLayers
from tests.golden.machines import saved, sources
from tests.golden.plans import FOLDER, page, resolved

GIB = 2**30
HALF_GIB = GIB // 2


@pytest.fixture(scope="module")
def models() -> Mapping[str, ResolvedModel]:
    return resolved()


def planned(model: ResolvedModel, machine: str, **asked: object) -> RuntimePlan:
    here = saved(machine)
    return plan(PlanRequest(**asked), model, here.machine, here.probes)  # type: ignore[arg-type]


def cache_of_a_layer(model: ResolvedModel, context: int) -> int:
    """Return the bytes of keys and values that one layer keeps in 16 bits."""
    (layer,) = set(model.shape.layers)
    assert isinstance(layer, FullAttention)
    return 2 * context * layer.kv_heads * (layer.key_size + layer.value_size)


@pytest.mark.parametrize("name", list(sources()))
def test_the_page_of_a_machine_is_current(name: str, models: Mapping[str, ResolvedModel]) -> None:
    written = (FOLDER / f"{name}.txt").read_text("utf-8")

    assert page(name, models) == written
    assert "tokens/s" not in written


def test_there_is_a_page_for_every_machine_and_none_else() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == set(sources())
    assert len(sources()) >= 12


def test_at_least_ten_models_have_a_plan(models: Mapping[str, ResolvedModel]) -> None:
    assert len(models) >= 10
    assert all({one.format for one in model.artifacts} for model in models.values())


def test_as_many_layers_as_fit_go_to_a_small_card(models: Mapping[str, ResolvedModel]) -> None:
    model, card = models["llama3.3:70b"], saved("rtx-3060-12gb").machine.accelerators[0]
    found = planned(model, "rtx-3060-12gb")
    placement, weights = found.chosen.placement, found.artifact.weights
    assert isinstance(placement, SplitLayers)
    cache = cache_of_a_layer(model, found.settings.context_length)
    free = (card.memory_free or 0) - max(card.memory_total // 20, HALF_GIB)

    def taken(layers: int) -> int:
        last = weights.layers[-layers:]
        return found.chosen.memory.device - sum(_on_card(found)) + sum(last) + layers * cache

    def _on_card(found: RuntimePlan) -> list[int]:
        return [size + cache for size in found.artifact.weights.layers[-placement.layers :]]

    assert taken(placement.layers) == found.chosen.memory.device <= free
    assert taken(placement.layers + 1) > free
    assert len(set(weights.layers)) > 1


def test_a_model_too_large_for_one_card_is_dealt_out_over_two(
    models: Mapping[str, ResolvedModel],
) -> None:
    model, cards = models["deepseek-r1:14b"], saved("two-rtx-3090").machine.accelerators
    found = planned(model, "two-rtx-3090", backend="torch")
    placement = found.chosen.placement
    assert isinstance(placement, SpreadLayers)
    (first, most), (second, rest) = placement.layers
    assert (first, second) == ("cuda:0", "cuda:1")
    assert most + rest == len(model.shape.layers) == 48
    layer = found.artifact.weights.layers[0]
    layer += cache_of_a_layer(model, found.settings.context_length)
    free = (cards[0].memory_free or 0) - max(cards[0].memory_total // 20, HALF_GIB)
    assert most * layer <= free < (most + 2) * layer + 3 * GIB


def test_unified_memory_is_held_to_the_working_set(models: Mapping[str, ResolvedModel]) -> None:
    here = saved("apple-m4-max-128gb")
    (metal,) = here.machine.accelerators
    assert metal.memory_total == 96 * GIB < here.machine.memory_total
    for model in models.values():
        found = plan(PlanRequest(device="metal"), model, here.machine, here.probes)
        assert found.chosen.memory.device == found.chosen.memory.host
        assert found.chosen.memory.device <= metal.memory_total * 19 // 20


def test_a_machine_too_small_for_anything_names_the_smallest_artifact(
    models: Mapping[str, ResolvedModel],
) -> None:
    model = models["llama3.3:70b"]
    with pytest.raises(NoExecutablePlan) as caught:
        planned(model, "raspberry-pi-5-8gb")

    smallest = caught.value.context["smallest"]
    by_weights = min((one for one in model.artifacts if one.id.endswith(".gguf")), key=_weights_of)
    assert smallest["artifact"] == by_weights.id
    assert by_weights.id.endswith("-Q2_K.gguf")
    assert by_weights.weights.total < smallest["needed"] < by_weights.weights.total * 1.1
    assert f"`{by_weights.id}` on `llama.cpp`, `cpu`: needs " in str(caught.value.note)
    json.dumps(caught.value.context)


def _weights_of(artifact: Artifact) -> int:
    return artifact.weights.total
