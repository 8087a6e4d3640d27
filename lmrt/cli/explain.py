"""A plan in a few lines, for people."""

from collections.abc import Sequence

from lmrt.domain.counterfactuals import Counterfactual
from lmrt.domain.plans import RuntimePlan, SpeedEstimate
from lmrt.domain.sizes import format_size


def plan_lines(plan: RuntimePlan) -> list[str]:
    """Return the choice, its reason, its settings and its estimates."""
    chosen, settings, memory = plan.chosen, plan.settings, plan.chosen.memory
    quantization = plan.artifact.quantization
    threads = f"{settings.threads} thread{'s' if settings.threads != 1 else ''}"
    loaded = f" loaded as {settings.dtype}" if settings.dtype is not None else ""
    return [
        f"model    {plan.model_name} ({plan.model_reference})",
        (
            f"chosen   {plan.artifact.id} · {plan.artifact.format} {quantization.name}{loaded} on "
            f"{plan.backend}, {chosen.specialization.name}"
        ),
        f"why      {plan.reason}",
        f"path     {chosen.specialization.reason}",
        (
            f"settings context {settings.context_length:,} tokens · KV cache {settings.kv_type} · "
            f"flash attention {'on' if settings.flash_attention else 'off'} · {threads} · "
            f"batch {settings.batch_size}"
        ),
        (
            f"memory   {format_size(memory.total)} = weights {format_size(memory.weights)} + "
            f"KV cache {format_size(memory.kv_cache)} + compute {format_size(memory.compute)} + "
            f"engine {format_size(memory.overhead)}"
        ),
        *speed_lines(chosen.speed),
    ]


def speed_lines(speed: SpeedEstimate) -> list[str]:
    """Return the expected speeds, where the time goes, and what they rest on."""
    first = speed.first_token
    prompt = "" if first is None else f"first token after {_seconds(first)}, then "
    lines = [f"speed    {prompt}about {_rate(speed.decode)} tokens/s"]
    if first is not None and speed.prefill is not None:
        lines[0] += (
            f" (prompt of {speed.prompt_tokens:,} tokens, read at {_rate(speed.prefill)} a second)"
        )
    if speed.paces:
        lines.append(f"         a token: {_parts(speed)}")
    runs = speed.correction.runs
    if runs:
        lines.append(f"         corrected by {runs} run{'s' if runs != 1 else ''} on this machine")
    if not speed.measured_bandwidth:
        lines.append(
            "         from typical figures, to rank only: `rt bench` measures this machine"
        )
    return lines


def _parts(speed: SpeedEstimate) -> str:
    """Return where the time of one token goes, past runs left out."""
    weights = sum(max(pace.reading, pace.lone) for pace in speed.paces)
    bound = sum(pace.lone for pace in speed.paces if pace.lone > pace.reading) > weights / 2
    looking = sum(pace.cell for pace in speed.paces) * speed.prompt_tokens
    fixed = sum(pace.fixed for pace in speed.paces)
    work = "computing with the weights" if bound else "reading the weights"
    return (
        f"{work} {_seconds(weights)} + looking back {_seconds(looking)} + calls {_seconds(fixed)}"
    )


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"


def _seconds(seconds: float) -> str:
    return f"{seconds:,.1f} s" if seconds >= 1 else f"{seconds * 1000:,.3g} ms"


def counterfactual_lines(found: Sequence[Counterfactual]) -> list[str]:
    """Return one line for each candidate: which changes would each make it the chosen one."""
    changes: dict[str, list[str]] = {}
    for each in found:
        row = f"{each.artifact} · {each.backend} on {each.device}"
        changes.setdefault(row, []).append(each.change.message)
    return [f"{row}: {' · '.join(messages)}" for row, messages in changes.items()]
