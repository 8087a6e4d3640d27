from copy import deepcopy
from typing import Any

import pytest

from lmrt.domain.errors import ConfigurationError
from lmrt.domain.surroundings import Surroundings
from lmrt.wire.machine import machine_from_payload, machine_payload
from tests.support.worlds import GIB, ON_CPU, ON_GPU, gguf_backend, gpu, machine, missing_backend

HERE = Surroundings(
    machine(16 * GIB, accelerators=(gpu(8 * GIB),)),
    (gguf_backend(ON_GPU, ON_CPU), missing_backend()),
)


def test_it_is_one_document() -> None:
    payload = machine_payload(HERE)

    assert (payload["version"], payload["kind"]) == (1, "machine")
    assert payload["machine"]["accelerators"][0]["device"] == "cuda:0"
    assert [probe["availability"]["type"] for probe in payload["probes"]] == [
        "available",
        "unavailable",
    ]
    assert machine_from_payload(payload) == HERE


@pytest.mark.parametrize(
    ("place", "value", "problem"),
    [
        (("machine", "memory_total"), -1, "must not be negative @ $.machine.memory_total"),
        (("machine", "memory_free"), 17 * GIB, "`memory_total` @ $.machine.memory_free"),
        (("machine", "memory_bandwidth"), 0, "must be above 0 @ $.machine.memory_bandwidth"),
        (("machine", "memory_free"), "much", "must be a whole number, not 'much'"),
        (("machine", "processor", "physical_cores"), 0, "must be at least 1 @ $.machine.processor"),
        (("machine", "accelerators", 0, "memory_free"), -1, "$.machine.accelerators[0].memory_f"),
        (("machine", "accelerators", 0, "kind"), "npu", "must be one of `cpu`, `cuda`, `metal`"),
        (("probes", 0, "context_rounding"), 0, "`context_rounding` must be at least 1"),
        (("probes", 0, "overhead"), -1, "`overhead` must not be negative"),
        (("probes", 0, "devices", 0, "efficiency"), 2, "`efficiency` of a device must be from"),
        (("probes", 1, "backend"), "alpha", "`alpha` stands there twice @ $.probes"),
        (("kind",), "plan", "must be 'machine', not 'plan' @ $.kind"),
    ],
)
def test_figures_that_make_no_sense_are_refused(
    place: tuple[str | int, ...], value: object, problem: str
) -> None:
    payload: Any = deepcopy(machine_payload(HERE))
    inner = payload
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value

    with pytest.raises(ConfigurationError) as caught:
        machine_from_payload(payload)

    assert caught.value.code == "invalid-document"
    assert problem in caught.value.message
