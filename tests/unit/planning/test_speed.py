import pytest
from attrs import evolve

from lmrt.domain.machine import Processor
from lmrt.domain.models import ArchitectureShape, Artifact, FullAttention, WeightBytes
from lmrt.domain.planning import plan
from lmrt.domain.planning.weights import size_up
from lmrt.domain.plans import PlanRequest
from lmrt.domain.probes import WeightSpeed
from tests.support.worlds import (
    F16,
    GIB,
    MIB,
    ON_CPU,
    ON_GPU,
    Q8,
    gguf_backend,
    gpu,
    machine,
    model,
)

PIN = PlanRequest(context_length=4096)


CELL = 32 * 2 * 8 * 128 * 2
"""Bytes of the KV cache that one earlier token of the 8B model takes, in f16."""


def decode_bytes(artifact: Artifact) -> int:
    """Return what a token after a prompt of 512 reads."""
    return sum(artifact.weights.layers) + artifact.weights.output + 512 * CELL


def test_the_cpu_reads_all_weights_but_the_embedding_and_the_cache_once_a_token() -> None:
    found = plan(PIN, model(Q8), machine(64 * GIB), [gguf_backend()]).chosen.speed

    assert found.decode == pytest.approx(50e9 * 0.8 / decode_bytes(Q8))
    assert found.prompt_tokens == 512
    assert found.measured_bandwidth


def test_a_typical_bandwidth_stands_in_where_none_was_measured() -> None:
    box = machine(64 * GIB, memory_bandwidth=None)
    found = plan(PIN, model(Q8), box, [gguf_backend()]).chosen.speed

    assert found.decode == pytest.approx(40e9 * 0.8 / decode_bytes(Q8))
    assert not found.measured_bandwidth


def test_a_prompt_takes_its_arithmetic() -> None:
    box = machine(64 * GIB, arithmetic=1e12, thread_arithmetic=2e11)
    found = plan(PIN, model(Q8), box, [gguf_backend()]).chosen.speed
    operations = 2 * 512 * sum(Q8.weights.layers) * 8 / 8.5

    assert found.prefill == pytest.approx(512 / (operations / (1e12 * 0.8)))
    assert found.first_token == pytest.approx(operations / (1e12 * 0.8))


def test_a_short_prompt_still_reads_the_weights() -> None:
    box = machine(64 * GIB, arithmetic=1e15)
    found = plan(PlanRequest(context_length=256), model(Q8), box, [gguf_backend()]).chosen.speed

    assert found.prompt_tokens == 128
    assert found.first_token == pytest.approx((decode_bytes(Q8) - 512 * CELL) / (50e9 * 0.8))


def test_unpacking_can_take_longer_than_reading() -> None:
    device = evolve(ON_CPU, speeds=(WeightSpeed("", 1.0, 9.0, 9.0), WeightSpeed("Q8", 0.9, 0.1, 1)))
    box = machine(64 * GIB, arithmetic=1e11)
    (pace,) = plan(PIN, model(Q8), box, [gguf_backend(device)]).chosen.speed.paces
    operations = 2 * (sum(Q8.weights.layers) + Q8.weights.output) * 8 / 8.5

    assert pace.reading == pytest.approx((decode_bytes(Q8) - 512 * CELL) / (50e9 * 0.9))
    assert pace.lone == pytest.approx(operations / (1e11 * 0.1))
    assert pace.step(0) == pace.lone


def test_threads_reach_what_each_reaches_up_to_what_all_do() -> None:
    box = machine(64 * GIB, thread_bandwidth=20e9)
    by_threads = [
        plan(evolve(PIN, threads=threads), model(Q8), box, [gguf_backend()]).chosen
        for threads in (1, 2, 3, 99)
    ]

    assert [one.settings.threads for one in by_threads] == [1, 2, 3, 8]
    assert [one.speed.decode * decode_bytes(Q8) / 0.8 for one in by_threads] == pytest.approx(
        [20e9, 40e9, 50e9, 50e9]
    )


def test_a_small_model_is_read_from_the_cache() -> None:
    small = evolve(Q8, weights=WeightBytes((1000,) * 32, 1000, 1000))
    box = machine(64 * GIB, processor=Processor("Test CPU", 8, 16, cache=32 * MIB))
    (pace,) = plan(PIN, model(small), box, [gguf_backend()]).chosen.speed.paces

    assert pace.reading == 0
    assert pace.cell == pytest.approx(CELL / (50e9 * 0.8))


def test_a_step_costs_something_for_each_layer_and_waiting_thread() -> None:
    device = evolve(ON_CPU, layer_seconds=1e-3, thread_seconds=1e-4)
    (pace,) = plan(
        evolve(PIN, threads=3), model(Q8), machine(64 * GIB), [gguf_backend(device)]
    ).chosen.speed.paces

    assert pace.fixed == pytest.approx(32 * (1e-3 + 2 * 1e-4))


def test_a_split_takes_the_time_of_both_sides() -> None:
    box = machine(64 * GIB, accelerators=(gpu(8 * GIB),))
    chosen = plan(PIN, model(Q8), box, [gguf_backend(ON_GPU, ON_CPU)]).chosen
    layer, cell = Q8.weights.layers[0], CELL / 32
    assert chosen.specialization.name == "cuda-partial(27/32)"

    host = 5 * (layer + 512 * cell) / (50e9 * 0.8)
    card = (27 * (layer + 512 * cell) + Q8.weights.output) / (500e9 * 0.8)
    assert chosen.speed.decode == pytest.approx(1 / (host + card))


def test_a_tied_embedding_is_read_as_the_head() -> None:
    tied = evolve(F16, weights=evolve(F16.weights, output=4096 * 4))
    found = plan(PIN, model(tied), machine(64 * GIB), [gguf_backend()]).chosen.speed
    read = sum(F16.weights.layers) + F16.weights.input + 4096 * 4 + 512 * CELL

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
