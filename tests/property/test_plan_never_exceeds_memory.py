"""The oracle counts memory by formulas of its own: what every engine needs at the least."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from lmrt.domain.machine import Machine
from lmrt.domain.models import (
    ArchitectureShape,
    Artifact,
    AttentionBesideState,
    FullAttention,
    LatentAttention,
    LayerShape,
    RecurrentState,
    SlidingAttention,
    WeightBytes,
)
from lmrt.domain.plans import (
    Candidate,
    ExecutionSettings,
    OnCpu,
    OnDevice,
    SplitLayers,
    SpreadLayers,
)
from tests.property.strategies import MIB, able_worlds, largest, worlds
from tests.property.tight_worlds import tight_worlds
from tests.property.worlds import World

BITS = {
    "f32": Fraction(32),
    "f16": Fraction(16),
    "bf16": Fraction(16),
    "q8_0": Fraction(17, 2),
    "q4_0": Fraction(9, 2),
    "int8": Fraction(8),
    "int4": Fraction(9, 2),
}


@given(st.one_of(worlds(), able_worlds(), tight_worlds()))
def test_candidates_fit_into_the_memory_that_is_free(world: World) -> None:
    for candidate in world.executable().values():
        for pool, needed in least_needed(world, candidate).items():
            assert needed <= allowed(world.machine, pool)


@given(able_worlds(), st.floats(0.5, 3.0))
def test_candidates_keep_to_the_budget(world: World, share: float) -> None:
    budget = int(share * largest(world.model)) + 1
    for candidate in world.asking(memory_budget=budget).executable().values():
        needed = sum(least_needed(world, candidate).values())
        assert needed <= candidate.memory.total <= budget


@given(st.one_of(worlds(), able_worlds(), tight_worlds()))
def test_estimates_cover_what_is_needed_at_the_least(world: World) -> None:
    for candidate in world.executable().values():
        memory = candidate.memory
        for pool, needed in least_needed(world, candidate).items():
            assert needed <= (memory.host if pool == "cpu" else memory.device)
        parts = memory.weights + memory.kv_cache + memory.compute + memory.overhead
        unified = any(found.unified for found in world.machine.accelerators)
        if unified and not isinstance(candidate.placement, OnCpu):
            assert memory.host == memory.device == parts
        else:
            assert memory.host + memory.device == parts


def allowed(machine: Machine, pool: str) -> int:
    if pool == "cpu":
        total, free = machine.memory_total, machine.memory_free
    else:
        accelerator = machine.accelerator(pool)
        assert accelerator is not None
        total = accelerator.memory_total
        known = accelerator.memory_free
        unknown = min(total, machine.memory_free) if accelerator.unified else total
        free = unknown if known is None else known
    return max(free - max(total // 20, 512 * MIB), -(-free // 2))


def least_needed(world: World, candidate: Candidate) -> dict[str, Fraction]:
    """Return weights, KV cache, overhead and the activations of a batch, by pool."""
    artifact = next(one for one in world.model.artifacts if one.id == candidate.artifact)
    probe = next(one for one in world.probes if one.backend == candidate.backend)
    weights, shape, settings = loaded(artifact, candidate), world.model.shape, candidate.settings
    cache = [kept_by(layer, settings, whole=probe.whole_windows) for layer in shape.layers]
    activations = Fraction(settings.batch_size * shape.hidden_size * 4)
    match candidate.placement:
        case OnCpu():
            return {"cpu": weights.total + sum(cache) + activations + probe.overhead}
        case OnDevice(device):
            whole = sum(weights.layers) + head(weights, shape) + sum(cache) + activations
            return {
                "cpu": Fraction(probe.overhead),
                device: whole + probe.device_overhead,
            }
        case SplitLayers(device, layers, total):
            assert 0 < layers < total == len(weights.layers)
            stay = total - layers
            on_device = sum(weights.layers[stay:]) + head(weights, shape) + sum(cache[stay:])
            on_cpu = weights.input + sum(weights.layers[:stay]) + sum(cache[:stay])
            return {
                "cpu": on_cpu + activations + probe.overhead,
                device: on_device + activations + probe.device_overhead,
            }
        case SpreadLayers(shares):
            assert candidate.placement.total == len(weights.layers)
            needed: dict[str, Fraction] = {"cpu": Fraction(probe.overhead)}
            start = 0
            for device, count in shares:
                held = sum(weights.layers[start : start + count]) + sum(
                    cache[start : start + count]
                )
                needed[device] = held + activations + probe.device_overhead
                start += count
            return needed


def loaded(artifact: Artifact, candidate: Candidate) -> WeightBytes:
    """Return the bytes that the weights have in memory, the least where they are rounded."""
    dtype, stored = candidate.settings.dtype, artifact.weights
    if dtype is None:
        return stored
    assert artifact.dtype is not None
    share = BITS[str(dtype)] / BITS[str(artifact.dtype)]
    return WeightBytes(
        tuple(int(size * share) for size in stored.layers),
        *(int(size * share) for size in (stored.input, stored.output, stored.other)),
    )


def head(weights: WeightBytes, shape: ArchitectureShape) -> int:
    own_head = weights.output >= shape.vocabulary_size * shape.hidden_size / 8
    return weights.output + (0 if own_head else weights.input)


def kept_by(layer: LayerShape, settings: ExecutionSettings, *, whole: bool) -> Fraction:
    element = BITS[str(settings.kv_type)] / 8
    match layer:
        case FullAttention(heads, key, value):
            return settings.context_length * heads * (key + value) * element
        case SlidingAttention(heads, key, value, window):
            least = window * settings.max_sequences + settings.batch_size
            cells = settings.context_length if whole else min(settings.context_length, least)
            return cells * heads * (key + value) * element
        case LatentAttention(rank, rope):
            return settings.context_length * (rank + rope) * element
        case RecurrentState(elements):
            return Fraction(elements * 4 * settings.max_sequences)
        case AttentionBesideState(attention, state):
            kept = (kept_by(part, settings, whole=whole) for part in (attention, state))
            return sum(kept, Fraction(0))
