from copy import deepcopy
from typing import Any

import pytest
from attrs import evolve

from lmrt.domain.errors import ConfigurationError
from lmrt.domain.notices import HeadersIncomplete
from lmrt.domain.planning import plan
from lmrt.domain.plans import PlanRequest, RuntimePlan
from lmrt.wire.plan import plan_from_payload, plan_payload
from tests.support.worlds import (
    GIB,
    ON_CPU,
    ON_GPU,
    Q4,
    Q8,
    gguf_backend,
    gpu,
    machine,
    missing_backend,
    model,
)


@pytest.fixture(scope="module")
def split_plan() -> RuntimePlan:
    box = machine(32 * GIB, accelerators=(gpu(6 * GIB),))
    probes = [gguf_backend(ON_GPU, ON_CPU), missing_backend()]
    return plan(PlanRequest(), model(Q4, Q8), box, probes)


@pytest.fixture
def payload(split_plan: RuntimePlan) -> dict[str, Any]:
    return deepcopy(plan_payload(split_plan))


def test_unions_carry_tags_and_reasons_for_people(payload: dict[str, Any]) -> None:
    assert (payload["version"], payload["kind"]) == (1, "plan")
    assert payload["chosen"]["placement"]["type"] == "split"
    assert payload["artifact"]["source"] == {"type": "local", "root": "/models"}
    assert payload["notices"][0]["code"] == "partial-offload"
    assert "layers run on `cuda:0`" in payload["notices"][0]["message"]
    memory = payload["chosen"]["memory"]
    assert memory["total"] == memory["host"] + memory["device"]
    assert {row["why"]["type"] for row in payload["alternatives"]} == {"outranked", "rejected"}


def test_notices_of_the_model_are_the_plan_s() -> None:
    unread = HeadersIncomplete(("a.gguf", "b.gguf"), "left out of the plan")
    told = plan(
        PlanRequest(),
        evolve(model(Q4), notices=(unread,)),
        machine(32 * GIB),
        [gguf_backend(ON_CPU)],
    )
    document = plan_payload(told)
    assert document["notices"][0]["files"] == ["a.gguf", "b.gguf"]
    assert document["notices"][0]["message"] == "`a.gguf` and 1 more: left out of the plan"
    assert plan_from_payload(document) == told


def test_derived_keys_are_left_aside(split_plan: RuntimePlan, payload: dict[str, Any]) -> None:
    payload["chosen"]["memory"]["total"] = 1
    payload["notices"][0]["message"] = "another"
    del payload["artifact"]["size"]

    assert plan_from_payload(payload) == split_plan


def change(payload: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a dotted path; `...` takes the key away."""
    place: Any = payload
    *parents, last = [int(name) if name.isdigit() else name for name in path.split(".")]
    for name in parents:
        place = place[name]
    if value is ...:
        del place[last]
    else:
        place[last] = value


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("version", 2, "must be 1, not 2 @ $.version"),
        ("kind", "transcript", "must be 'plan', not 'transcript' @ $.kind"),
        ("reason", ..., "missing key @ $.reason"),
        ("extra", 1, "unknown key `extra` @ $"),
        ("chosen", None, "must be an object, not null @ $.chosen"),
        ("chosen.extra", 1, "unknown key `extra` @ $.chosen"),
        (
            "chosen.settings.threads",
            "8",
            "must be a whole number, not '8' @ $.chosen.settings.threads",
        ),
        (
            "chosen.settings.flash_attention",
            1,
            "must be true or false, not 1 @ $.chosen.settings.flash_attention",
        ),
        ("chosen.speed.decode", True, "must be a number, not True @ $.chosen.speed.decode"),
        ("request.modalities", "text", "must be a list, not 'text' @ $.request.modalities"),
        (
            "request.modalities",
            ["smell"],
            "must be one of `text`, `image`, `audio`, not 'smell' @ $.request.modalities[0]",
        ),
        (
            "chosen.placement.type",
            "moon",
            (
                "`type` must be one of `cpu`, `device`, `split`, `spread`, not 'moon' "
                "@ $.chosen.placement"
            ),
        ),
        ("chosen.placement.layer", 3, "unknown key `layer` @ $.chosen.placement"),
        (
            "artifact.source.type",
            ...,
            "`type` must be one of `local`, `hub`, not None @ $.artifact.source",
        ),
        (
            "artifact.weights.layers.0",
            1.5,
            "must be a whole number, not 1.5 @ $.artifact.weights.layers[0]",
        ),
    ],
)
def test_problems_are_named_with_their_place(
    payload: dict[str, Any], path: str, value: Any, problem: str
) -> None:
    change(payload, path, value)

    with pytest.raises(ConfigurationError) as caught:
        plan_from_payload(payload)
    assert caught.value.code == "invalid-document"
    assert caught.value.message == f"this is no plan document: {problem}"
    assert caught.value.context["problems"] == [problem]


def test_all_problems_are_counted(payload: dict[str, Any]) -> None:
    payload["reason"] = 1
    payload["model_name"] = None

    with pytest.raises(ConfigurationError, match=r"\(and 1 more\)$"):
        plan_from_payload(payload)


@pytest.mark.parametrize("payload_", [None, [], "plan", 1])
def test_what_is_no_object_is_no_document(payload_: object) -> None:
    with pytest.raises(ConfigurationError, match=r"must be an object @ \$"):
        plan_from_payload(payload_)
