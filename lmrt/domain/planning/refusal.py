"""The error where nothing can run: what comes closest, and what helps."""

from collections.abc import Sequence
from typing import Any

from lmrt.domain.errors import NoExecutablePlan
from lmrt.domain.explanations import describe, fix
from lmrt.domain.planning.query import Query
from lmrt.domain.plans import Alternative, Rejected
from lmrt.domain.rejections import (
    BackendUnavailable,
    ContextExceeded,
    DtypeUnsupported,
    KvTypeUnsupported,
    MemoryExceeded,
    PinnedElsewhere,
    Rejection,
    WindowUnsupported,
)

_EASIEST_FIRST = (
    PinnedElsewhere,
    ContextExceeded,
    WindowUnsupported,
    KvTypeUnsupported,
    DtypeUnsupported,
    MemoryExceeded,
    BackendUnavailable,
)


def refusal(query: Query, rejected: Sequence[Alternative]) -> NoExecutablePlan:
    """Return the error; its hint is what the candidate that is easiest to make run lacks.

    Where memory alone keeps some from running, it names the one that needs least. Its note repeats
    what was remarked while the model was resolved: a variant that was left out may be the one that
    could run.
    """
    name = query.model.name
    context: dict[str, Any] = {"model": query.model.reference, "candidates": len(rejected)}
    remarks = [notice.message for notice in query.model.notices]
    if not rejected:
        missing = "backend to run it" if query.model.artifacts else "weights that could be loaded"
        return NoExecutablePlan(
            f"`{name}` cannot run here: no {missing}",
            context=context,
            note="\n".join(remarks) or None,
        )
    count = f"{len(rejected)} candidate{'s' if len(rejected) != 1 else ''}"
    closest = min(rejected, key=_effort)
    smallest = _smallest(rejected)
    if smallest is not None and smallest.candidate is not None:
        context["smallest"] = {"artifact": smallest.artifact, "backend": smallest.backend}
        context["smallest"]["needed"] = smallest.candidate.memory.total
        if smallest.artifact != closest.artifact:
            remarks.insert(0, f"the smallest is {_name(smallest)}: {_reasons(smallest)}")
    return NoExecutablePlan(
        f"`{name}` cannot run here: {count} rejected",
        rejected=tuple(rejected),
        context=context,
        note="\n".join([f"closest is {_name(closest)}: {_reasons(closest)}", *remarks]),
        hint=_hint(closest),
    )


def _smallest(rejected: Sequence[Alternative]) -> Alternative | None:
    """Return the candidate that needs least, of those that memory alone keeps from running."""
    short = (
        row
        for row in rejected
        if row.candidate is not None
        and all(isinstance(found, MemoryExceeded) for found in _rejections(row))
    )
    return min(short, key=_needed, default=None)


def _needed(row: Alternative) -> int:
    return row.candidate.memory.total if row.candidate is not None else 0


def _rejections(row: Alternative) -> tuple[Rejection, ...]:
    return row.why.rejections if isinstance(row.why, Rejected) else ()


def _effort(row: Alternative) -> tuple[int, int, int]:
    """Return how hard it is to make a candidate run; the rows' own order breaks ties."""
    rejections = _rejections(row)
    short = sum(found.short_by for found in rejections if isinstance(found, MemoryExceeded))
    return (max(_difficulty(found) for found in rejections), len(rejections), short)


def _difficulty(rejection: Rejection) -> int:
    remedied = _remedy(rejection) is not None
    if remedied and isinstance(rejection, _EASIEST_FIRST):
        return _EASIEST_FIRST.index(type(rejection))
    return len(_EASIEST_FIRST) + (0 if remedied else 1)


def _hint(row: Alternative) -> str | None:
    remedies = [_remedy(rejection) for rejection in _rejections(row)]
    if None in remedies:
        return None
    return "; ".join(dict.fromkeys(remedy for remedy in remedies if remedy))


def _remedy(rejection: Rejection) -> str | None:
    if isinstance(rejection, PinnedElsewhere):
        return f"leave out `--{rejection.option} {rejection.pinned}`"
    return fix(rejection)


def _reasons(row: Alternative) -> str:
    return "; ".join(describe(rejection) for rejection in _rejections(row))


def _name(row: Alternative) -> str:
    place = f", `{row.device}`" if row.device else ""
    return f"`{row.artifact}` on `{row.backend}`{place}"
