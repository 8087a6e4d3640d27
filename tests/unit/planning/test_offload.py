from attrs import evolve

from lmrt.domain.notices import PartialOffload
from lmrt.domain.planning import plan
from lmrt.domain.plans import OnCpu, OnDevice, PlanRequest, RuntimePlan, SplitLayers
from lmrt.domain.probes import BackendProbe, Feature
from tests.support.worlds import (
    GIB,
    MIB,
    ON_CPU,
    ON_GPU,
    ON_METAL,
    Q8,
    gguf_backend,
    gpu,
    machine,
    metal,
    model,
)

REQUEST = PlanRequest(context_length=8192)
SPLITTING = gguf_backend(ON_GPU, ON_CPU)
WHOLE_ONLY = evolve(SPLITTING, features=frozenset({Feature.FLASH_ATTENTION}))

# By hand, for the Q8_0 artifact at 8192 tokens of f16:
LAYER = Q8.weights.layers[0] + 8192 * 8 * 256 * 2  # weights and KV cache of one layer
HEAD = Q8.weights.output
BATCH = 2048
BUFFERS = BATCH * 4 * (16 + 8192 // 2 + 3 * 14336 + 3 * 4096 + 4096) + 4 * 128_256 * 4
RUNTIME = 256 * MIB
MARGIN = 512 * MIB


def planned(free: int, probe: BackendProbe = SPLITTING) -> RuntimePlan:
    box = machine(64 * GIB, accelerators=(gpu(8 * GIB, free),))
    return plan(REQUEST, model(Q8), box, [probe])


def needed(layers: int) -> int:
    return layers * LAYER + HEAD + BUFFERS + RUNTIME + MARGIN


def test_24_of_32_layers_go_where_24_fit() -> None:
    found = planned(needed(24))

    assert found.chosen.placement == SplitLayers("cuda:0", 24, 32)
    assert found.specialization.name == "cuda-partial(24/32)"
    assert PartialOffload("cuda:0", 24, 32) in found.notices
    assert found.chosen.memory.device == needed(24) - MARGIN


def test_one_byte_less_takes_one_layer_back() -> None:
    assert planned(needed(24) - 1).chosen.placement == SplitLayers("cuda:0", 23, 32)


def test_the_layers_that_stay_are_counted_in_main_memory() -> None:
    memory = planned(needed(24)).chosen.memory

    assert memory.host == 8 * LAYER + Q8.weights.input + BUFFERS + 64 * MIB
    assert memory.total == memory.host + memory.device


def test_all_layers_go_where_all_fit() -> None:
    roomy = machine(64 * GIB, accelerators=(gpu(24 * GIB),))
    assert plan(REQUEST, model(Q8), roomy, [SPLITTING]).chosen.placement == OnDevice("cuda:0")


def test_a_backend_that_cannot_split_stays_on_the_cpu() -> None:
    assert planned(needed(24), WHOLE_ONLY).chosen.placement == OnCpu()


def test_where_not_even_one_layer_fits_the_cpu_runs_all() -> None:
    found = planned(needed(1) - 1)

    assert found.chosen.placement == OnCpu()
    assert found.notices[0].code == "cpu-fallback"


def test_memory_that_is_shared_is_not_split() -> None:
    box = machine(16 * GIB, accelerators=(metal(9 * GIB),))
    probe = gguf_backend(ON_METAL, ON_CPU)

    assert plan(REQUEST, model(Q8), box, [probe]).chosen.placement == OnCpu()
