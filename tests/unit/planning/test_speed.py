import pytest
from attrs import evolve

from lmrt.domain.models import ArchitectureShape, FullAttention, WeightBytes
from lmrt.domain.planning import plan
from lmrt.domain.planning.weights import size_up
from lmrt.domain.plans import PlanRequest
from tests.support.worlds import (
    F16,
    GIB,
    ON_CPU,
    ON_GPU,
    Q8,
    gguf_backend,
    gpu,
    machine,
    model,
)

PIN = PlanRequest(context_length=4096)


def test_the_cpu_reads_all_weights_but_the_embedding_once_a_token() -> None:
    found = plan(PIN, model(Q8), machine(64 * GIB), [gguf_backend()]).chosen.speed
    read = sum(Q8.weights.layers) + Q8.weights.output

    assert found.decode == pytest.approx(50e9 * 0.8 / read)
    assert found.measured_bandwidth


def test_a_typical_bandwidth_stands_in_where_none_was_measured() -> None:
    box = machine(64 * GIB, memory_bandwidth=None)
    found = plan(PIN, model(Q8), box, [gguf_backend()]).chosen.speed
    read = sum(Q8.weights.layers) + Q8.weights.output

    assert found.decode == pytest.approx(40e9 * 0.8 / read)
    assert not found.measured_bandwidth


def test_a_split_takes_the_time_of_both_sides() -> None:
    box = machine(64 * GIB, accelerators=(gpu(8 * GIB),))
    chosen = plan(PIN, model(Q8), box, [gguf_backend(ON_GPU, ON_CPU)]).chosen
    layer = Q8.weights.layers[0]
    assert chosen.specialization.name == "cuda-partial(27/32)"

    seconds = 5 * layer / (50e9 * 0.8) + (27 * layer + Q8.weights.output) / (500e9 * 0.8)
    assert chosen.speed.decode == pytest.approx(1 / seconds)


def test_a_tied_embedding_is_read_as_the_head() -> None:
    tied = evolve(F16, weights=evolve(F16.weights, output=4096 * 4))
    found = plan(PIN, model(tied), machine(64 * GIB), [gguf_backend()]).chosen.speed
    read = sum(F16.weights.layers) + F16.weights.input + 4096 * 4

    assert found.decode == pytest.approx(50e9 * 0.8 / read)


def test_a_mixture_of_experts_reads_the_experts_it_uses() -> None:
    # Qwen3 30B-A3B: 128 experts of 768, 8 used; the header's 6144 is of no layer.
    shape = ArchitectureShape((FullAttention(4, 128, 128),) * 48, 2048, 32, 6144, 151_936, 128, 8)
    attention = 2048 * 128 * (32 + 4) * 2
    experts = 128 * 3 * 2048 * 768
    embedding = 151_936 * 2048
    weights = WeightBytes((2 * (attention + experts),) * 48, 2 * embedding, 2 * embedding)
    sizing = size_up(evolve(F16, weights=weights), shape)

    assert sizing.active_layers[0] == pytest.approx(2 * (attention + experts / 16))
    assert sizing.feed_forward == pytest.approx(8 * 768)
    active = (sum(sizing.active_layers) + sizing.head) / 2
    assert 3.0e9 < active < 3.4e9  # "A3B"
