"""A run beside its plan: what it is compared under, and what its plan had expected of it."""

from lmrt.domain.models import Artifact
from lmrt.domain.plans import Candidate, RuntimePlan, SplitLayers, device_of
from lmrt.domain.responses import Timings
from lmrt.domain.speeds import Comparison, RunKey, SpeedRun, decode_seconds, prompt_seconds

LEAST_PROMPT, LEAST_DECODED = 32, 16
"""Tokens below which a speed says more about the clock than about the machine."""


def run_key(candidate: Candidate, artifact: Artifact, version: str | None) -> RunKey:
    """Return what runs of a candidate are compared under."""
    settings = candidate.settings
    return RunKey(
        backend=candidate.backend,
        device=_device(candidate),
        quantization=weights_name(candidate, artifact),
        version=version,
        model=f"{artifact.architecture} {_size_class(artifact)}",
        threads=settings.threads,
        kv_type=str(settings.kv_type),
    )


def weights_name(candidate: Candidate, artifact: Artifact) -> str:
    """Return the name of what the weights are once they are loaded."""
    dtype = candidate.settings.dtype
    return artifact.quantization.name if dtype is None else str(dtype)


def speed_run(plan: RuntimePlan, timings: Timings, *, warm: bool) -> SpeedRun | None:
    """Return a run beside what its plan expects for so many tokens, or None where nothing counts.

    Args:
        plan: What ran.
        timings: Of a sequence that ran alone.
        warm: Whether the model had answered before: its first prompt also brings the weights into
            memory, which says nothing about the next.
    """
    if plan.machine is None or not plan.chosen.speed.paces:
        return None
    prefill = _prompt(plan, timings) if warm else None
    decode = _decode(plan, timings)
    if prefill is None and decode is None:
        return None
    key = run_key(plan.chosen, plan.artifact, plan.engine_version)
    return SpeedRun(plan.machine, key, prefill, decode)


def _prompt(plan: RuntimePlan, timings: Timings) -> Comparison | None:
    tokens, rate = timings.prefilled_tokens, timings.prefill_rate
    if tokens < LEAST_PROMPT or rate is None:
        return None
    seconds = prompt_seconds(plan.chosen.speed.paces, tokens, plan.settings.batch_size)
    return _compared(tokens, seconds, rate)


def _decode(plan: RuntimePlan, timings: Timings) -> Comparison | None:
    tokens, rate = timings.decoded_tokens, timings.decode_rate
    if tokens < LEAST_DECODED or rate is None:
        return None
    depth = timings.prefilled_tokens + tokens // 2
    return _compared(tokens, tokens * decode_seconds(plan.chosen.speed.paces, depth), rate)


def _compared(tokens: int, seconds: float, rate: float) -> Comparison | None:
    return Comparison(tokens / seconds, rate, tokens) if seconds > 0 and rate > 0 else None


def _device(candidate: Candidate) -> str:
    match candidate.placement:
        case SplitLayers(device, layers, total):
            return f"{device}({layers}/{total})"
        case _:
            return device_of(candidate.placement)


def _size_class(artifact: Artifact) -> str:
    """Return the number of weights to one digit: `400M`, `8B`."""
    weights = artifact.weights.total * 8 / (artifact.quantization.bits_per_weight or 16.0)
    rounded = float(f"{weights:.0e}")
    for unit, size in (("B", 1e9), ("M", 1e6), ("K", 1e3)):
        if rounded >= size:
            return f"{rounded / size:.0f}{unit}"
    return f"{rounded:.0f}"
