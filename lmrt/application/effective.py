"""What was planned against what the engine reports back."""

from lmrt.domain.config import Dtype
from lmrt.domain.errors import LoadFailed
from lmrt.domain.plans import OnCpu, OnDevice, Placement, RuntimePlan, SplitLayers, SpreadLayers
from lmrt.domain.sequences import LoadedFacts


def check_effective(plan: RuntimePlan, facts: LoadedFacts) -> None:
    """Refuse a load whose effective settings differ from the plan.

    Raises:
        LoadFailed: At least one differs (`plan-mismatch`); every difference is named.
    """
    differences = [
        f"{name} is {found}, planned {planned}"
        for name, planned, found in _compared(plan, facts)
        if planned != found
    ]
    if differences:
        raise LoadFailed(
            f"`{plan.backend}` did not load `{plan.artifact.id}` as planned: "
            + "; ".join(differences),
            code="plan-mismatch",
            context={"backend": plan.backend, "differences": differences},
            hint="`rt doctor` shows what the backend can do here; set the option that differs, "
            "or pin another `--backend`",
        )


def _compared(plan: RuntimePlan, facts: LoadedFacts) -> list[tuple[str, object, object]]:
    settings = plan.settings
    layers = len(plan.artifact.weights.layers)
    rows: list[tuple[str, object, object]] = [
        ("context length", settings.context_length, facts.context_length),
        ("KV type", str(settings.kv_type), str(facts.kv_type)),
        (
            "layers on the device",
            _layers(plan.chosen.placement, layers),
            min(facts.layers_on_device, layers),
        ),
    ]
    rows.append(("data type of the weights", _name(settings.dtype), _name(facts.dtype)))
    if facts.flash_attention is not None:
        rows.append(("flash attention", settings.flash_attention, facts.flash_attention))
    if facts.max_sequences < settings.max_sequences:
        rows.append(("sequences", settings.max_sequences, facts.max_sequences))
    return rows


def _name(dtype: Dtype | None) -> str:
    return "as stored" if dtype is None else str(dtype)


def _layers(placement: Placement, total: int) -> int:
    match placement:
        case OnCpu():
            return 0
        case OnDevice():
            return total
        case SplitLayers(_, layers, _):
            return layers
        case SpreadLayers():
            return placement.total
