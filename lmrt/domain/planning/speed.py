"""How fast a candidate is: a roofline of memory bandwidth and arithmetic.

Each processor takes, for a token that is computed alone, the longer of two times: reading every
active weight once, and computing with it. A prompt is computed many tokens at a time, so that its
weights are read once for a whole batch. To both comes looking back at the tokens before, and what
every step costs beside. How much of a processor's bandwidth and arithmetic an engine reaches, for
weights of which type, is told by its probe; how much the processor has, by the machine, or by a
typical figure of its kind.

The formulas, and how far they were off, are in docs/planner.md.
"""

from attrs import evolve, frozen

from lmrt.domain.corrections import nearest
from lmrt.domain.machine import Accelerator, DeviceKind, Machine
from lmrt.domain.models import Artifact
from lmrt.domain.planning.memory import Load
from lmrt.domain.planning.query import Query
from lmrt.domain.planning.work import Work, shared_work
from lmrt.domain.plans import Candidate, SpeedEstimate
from lmrt.domain.probes import Available, BackendDevice, BackendProbe, WeightSpeed
from lmrt.domain.speed_runs import run_key, weights_name
from lmrt.domain.speeds import Correction, Pace, decode_seconds, prompt_seconds

TYPICAL_BANDWIDTH = {DeviceKind.CPU: 40e9, DeviceKind.CUDA: 500e9, DeviceKind.METAL: 200e9}
"""Bytes a second where none was measured: two channels of DDR5 at half their peak, a mid-range
graphics card, an M-series Pro."""

TYPICAL_ARITHMETIC = {DeviceKind.CPU: 60e9, DeviceKind.CUDA: 40e12, DeviceKind.METAL: 6e12}
"""Operations a second where none were measured: of one core with AVX2 in f32, and of such a card
and such a GPU in 16 bits."""

PROMPT_TOKENS = 512
"""Tokens of the prompt that speeds are told for; of a shorter context half."""

_LEAST_SHARE = 0.01
_LEAST_SECONDS = 1e-9

_KEPT = 0.5
"""Share of the processor's largest cache that still holds weights when the next token comes; other
programs, and what the engine computes with, have the rest."""


@frozen
class Processor:
    """A processor as the engine uses it.

    Attributes:
        device: The engine's side.
        bandwidth: Bytes a second.
        arithmetic: Operations a second.
        told: Whether these figures are the machine's own.
        waits: Seconds a layer that its threads wait for each other.
        cache: Bytes that it keeps from one token to the next.
    """

    device: BackendDevice
    bandwidth: float
    arithmetic: float
    told: bool
    waits: float = 0.0
    cache: float = 0.0


def speed(
    query: Query, artifact: Artifact, device: BackendDevice, load: Load, candidate: Candidate
) -> SpeedEstimate:
    """Return the expected speed of a candidate.

    Args:
        query: For the machine, and what past runs said.
        artifact: As it is stored.
        device: Where it runs, as the backend sees it.
        load: How it is loaded.
        candidate: All else of it.
    """
    weights = weights_name(candidate, artifact)
    processors = _processors(query.machine, device, load, candidate)
    work = shared_work(load, candidate.placement, _bits(candidate, artifact))
    shares = [(one, each) for one, each in zip(processors, work, strict=False) if each.read]
    found = tuple(pace(each, one, weights) for one, each in shares)
    perfect = tuple(pace(each, _perfect(one), weights) for one, each in shares)
    correction = Correction()
    if query.corrections:
        key = run_key(candidate, artifact, _version(load.probe))
        correction = nearest(query.corrections, key)
    tokens = max(1, min(PROMPT_TOKENS, load.cache.context // 2))
    decode, prefill = _rates(found, tokens, load)
    decode_limit, prefill_limit = _rates(perfect, tokens, load)
    return SpeedEstimate(
        decode=decode * correction.decode,
        measured_bandwidth=all(one.told for one, _ in shares),
        prefill=prefill * correction.prefill,
        prompt_tokens=tokens,
        paces=found,
        correction=correction,
        decode_limit=decode_limit,
        prefill_limit=prefill_limit,
    )


def _rates(found: tuple[Pace, ...], tokens: int, load: Load) -> tuple[float, float]:
    """Return the tokens a second after a prompt, and of the prompt."""
    decode = 1 / max(decode_seconds(found, tokens), _LEAST_SECONDS)
    prompt = max(prompt_seconds(found, tokens, load.cache.batch), _LEAST_SECONDS)
    return decode, tokens / prompt


def _perfect(processor: Processor) -> Processor:
    """Return the processor with an engine that reaches all of it."""
    told = processor.device
    attention = 1.0 if told.attention else 0.0
    device = BackendDevice(told.device, told.kind, 1.0, attention=attention)
    return evolve(processor, device=device, waits=0.0)


def _processors(
    machine: Machine, device: BackendDevice, load: Load, candidate: Candidate
) -> tuple[Processor, ...]:
    cpus = (each for each in load.probe.devices if each.kind is DeviceKind.CPU)
    # Beside an accelerator the threads follow from how many layers are left; that must not make
    # the same layers slower.
    threads = candidate.settings.threads if load.accelerator is None else None
    host = cpu(machine, next(cpus, device), threads)
    if load.accelerator is None:
        return (host,)
    return host, accelerated(device, load.accelerator)


def _bits(candidate: Candidate, artifact: Artifact) -> float:
    dtype = candidate.settings.dtype
    return (artifact.quantization.bits_per_weight if dtype is None else dtype.bits) or 16.0


def _version(probe: BackendProbe) -> str | None:
    return probe.availability.version if isinstance(probe.availability, Available) else None


def pace(work: Work, processor: Processor, weights: str) -> Pace:
    """Return how long a processor takes for its work on weights of that name."""
    device = processor.device
    found = weight_speed(device, weights)
    reading = max(found.reading if found else device.efficiency, _LEAST_SHARE)
    batched = max(found.batched if found else device.efficiency, _LEAST_SHARE)
    bandwidth = processor.bandwidth * reading
    looked = 0.0
    if device.attention:
        looked = work.looking / (processor.arithmetic * device.attention)
    return Pace(
        reading=max(0.0, work.read - processor.cache) / bandwidth,
        lone=work.alone / (processor.arithmetic * max(found.lone, _LEAST_SHARE)) if found else 0.0,
        batched=work.together / (processor.arithmetic * batched),
        cell=max(work.cell / bandwidth, looked),
        pair=looked,
        fixed=work.layers * (device.layer_seconds + processor.waits),
    )


def weight_speed(device: BackendDevice, weights: str) -> WeightSpeed | None:
    """Return how an engine gets on with weights of that name; the longest name that fits counts."""
    name = weights.upper()
    fitting = (each for each in device.speeds if name.startswith(each.weights.upper()))
    return max(fitting, key=lambda each: len(each.weights), default=None)


def cpu(machine: Machine, device: BackendDevice, threads: int | None) -> Processor:
    """Return the CPU as an engine uses it with so many threads, None being all cores."""
    cores = max(1, machine.processor.physical_cores)
    used = cores if threads is None else min(threads, cores)
    bandwidth = _shared(
        machine.memory_bandwidth or TYPICAL_BANDWIDTH[DeviceKind.CPU],
        machine.thread_bandwidth,
        used,
    )
    one = machine.thread_arithmetic
    if machine.arithmetic is None and one is None:
        one = TYPICAL_ARITHMETIC[DeviceKind.CPU]
    arithmetic = _shared(machine.arithmetic or (one or 0.0) * cores, one, used)
    return Processor(
        device=device,
        bandwidth=bandwidth,
        arithmetic=arithmetic,
        told=machine.memory_bandwidth is not None,
        waits=device.thread_seconds * (used - 1),
        cache=_KEPT * (machine.processor.cache or 0),
    )


def accelerated(device: BackendDevice, accelerator: Accelerator) -> Processor:
    """Return an accelerator as an engine uses it."""
    return Processor(
        device=device,
        bandwidth=accelerator.memory_bandwidth or TYPICAL_BANDWIDTH[device.kind],
        arithmetic=accelerator.arithmetic or TYPICAL_ARITHMETIC[device.kind],
        told=accelerator.memory_bandwidth is not None,
    )


def _shared(all_cores: float, one: float | None, used: int) -> float:
    """Return what so many cores reach together: each its own, and no more than all of them."""
    return all_cores if one is None else min(all_cores, used * one)
