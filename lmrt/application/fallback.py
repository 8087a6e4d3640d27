"""What is said and remembered where a load failed and the next candidate may run instead."""

from threading import Lock

from attrs import evolve

from lmrt.domain.errors import LmrtError, LoadFailed
from lmrt.domain.failures import FailedLoad, describe_failure, failure_of
from lmrt.domain.notices import LoadFellBack
from lmrt.domain.plans import RuntimePlan, device_of


class FailedLoads:
    """The loads that failed in this process; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._all: tuple[FailedLoad, ...] = ()

    def add(self, plan: RuntimePlan, error: LoadFailed) -> FailedLoad:
        """Remember that what was planned could not be loaded."""
        failed = FailedLoad(plan.artifact, plan.chosen, failure_of(error))
        with self._lock:
            self._all = (*self._all, failed)
        return failed

    def __call__(self) -> tuple[FailedLoad, ...]:
        """Return all of them, the oldest first."""
        with self._lock:
            return self._all


def fallen_back(failed: FailedLoad, planned: RuntimePlan, instead: RuntimePlan) -> RuntimePlan:
    """Return the plan that is tried instead, with the notice that it is."""
    notice = LoadFellBack(
        failed=named(planned, instead),
        failure=failed.failure.code,
        reason=describe_failure(failed.failure),
        used=named(instead, planned),
    )
    return evolve(instead, notices=(notice, *instead.notices))


def way_out(error: LoadFailed, planned: RuntimePlan, instead: RuntimePlan | None) -> str | None:
    """Return what would let another candidate stand in for a load that failed, or None.

    Args:
        error: Why it failed; a hint of its own goes before leaving out a pin.
        planned: What was loaded.
        instead: The candidate that `strict` keeps from being tried, or None where there is none.
    """
    if instead is not None:
        return f"leave out `--strict`: then {named(instead, planned)} is tried"
    request = planned.request
    pins = [name for name in ("backend", "device") if getattr(request, name) is not None]
    if not pins or error.hint is not None:
        return None
    options = " and ".join(f"`--{name} {getattr(request, name)}`" for name in pins)
    return f"leave out {options}, so that another candidate can be tried"


def hinting(error: LoadFailed, hint: str) -> LoadFailed:
    """Return the error with one hint more."""
    return LoadFailed(
        error.message,
        code=error.code,
        context=error.context,
        note=error.note,
        hint=f"{error.hint}; or {hint}" if error.hint else hint,
        failure=error.failure,
    )


def both_failed(
    first: LoadFailed, planned: RuntimePlan, second: LmrtError, instead: RuntimePlan
) -> LoadFailed:
    """Return the error that tells why neither of two candidates could be loaded."""
    attempts = [
        {
            "artifact": plan.artifact.id,
            "backend": plan.backend,
            "device": device_of(plan.chosen.placement),
            "code": error.code,
            "message": error.message,
            "note": error.note,
        }
        for plan, error in ((planned, first), (instead, second))
    ]
    lines = [
        f"{named(plan, other)}: {error.note or error.message}"
        for plan, other, error in ((planned, instead, first), (instead, planned, second))
    ]
    return LoadFailed(
        f"`{planned.model_name}` could not be loaded, and the next candidate neither",
        code=first.code,
        context={"model": planned.model_reference, "attempts": attempts},
        note="\n".join(lines),
        hint=first.hint or second.hint,
        failure=failure_of(first),
    )


def named(plan: RuntimePlan, other: RuntimePlan) -> str:
    """Return what a plan runs and where, exactly enough to tell it from another."""
    if _place(plan) != _place(other):
        return _place(plan)
    one, two = plan.settings, other.settings
    parts = []
    if one.context_length != two.context_length:
        parts.append(f"{one.context_length:,} tokens of context")
    if one.kv_type != two.kv_type:
        parts.append(f"a KV cache of {one.kv_type}")
    if one.dtype != two.dtype:
        parts.append("weights as stored" if one.dtype is None else f"weights as {one.dtype}")
    if not parts:
        parts.append(f"`{plan.specialization.name}`")
    return f"{_place(plan)}, with {' and '.join(parts)}"


def _place(plan: RuntimePlan) -> str:
    device = device_of(plan.chosen.placement)
    return f"`{plan.artifact.id}` on `{plan.backend}`, `{device}`"
