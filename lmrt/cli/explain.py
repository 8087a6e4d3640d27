"""A plan in a few lines, for people."""

from collections.abc import Sequence

from lmrt.domain.counterfactuals import Counterfactual
from lmrt.domain.plans import RuntimePlan
from lmrt.domain.sizes import format_size


def plan_lines(plan: RuntimePlan) -> list[str]:
    """Return the choice, its reason, its settings and its estimates."""
    chosen, settings, memory = plan.chosen, plan.settings, plan.chosen.memory
    quantization = plan.artifact.quantization
    threads = f"{settings.threads} thread{'s' if settings.threads != 1 else ''}"
    loaded = f" loaded as {settings.dtype}" if settings.dtype is not None else ""
    speed = f"about {chosen.speed.decode:,.0f} tokens/s"
    if not chosen.speed.measured_bandwidth:
        speed += " (from a typical memory bandwidth, to rank candidates only)"
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
        f"speed    {speed}",
    ]


def counterfactual_lines(found: Sequence[Counterfactual]) -> list[str]:
    """Return one line for each candidate: which changes would each make it the chosen one."""
    changes: dict[str, list[str]] = {}
    for each in found:
        row = f"{each.artifact} · {each.backend} on {each.device}"
        changes.setdefault(row, []).append(each.change.message)
    return [f"{row}: {' · '.join(messages)}" for row, messages in changes.items()]
