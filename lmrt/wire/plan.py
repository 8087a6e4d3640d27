"""The plan document.

The keys are the fields of `RuntimePlan` and of the values in it. Unions are told apart by `code`
(rejections, notices) or `type` (placements, sources, changes, why an alternative was not chosen).
For people there are derived keys beside them: `message` and `fix` of a rejection, `message` of a
notice or a change, sums of bytes. They are left aside when a document is read.
"""

from typing import Any, get_args

from lmrt.domain.counterfactuals import (
    BackendInstalled,
    BudgetRaised,
    Change,
    ContextAtMost,
    MemoryFreed,
    PinDropped,
    Preferring,
    UnsafeWeightsAllowed,
)
from lmrt.domain.explanations import describe, fix
from lmrt.domain.models import Artifact, ArtifactSource, HubSource, LocalSource, WeightBytes
from lmrt.domain.notices import Notice
from lmrt.domain.payloads import JsonObject, PlanJsonPayload
from lmrt.domain.plans import (
    MemoryEstimate,
    OnCpu,
    OnDevice,
    Outranked,
    Placement,
    Rejected,
    RuntimePlan,
    SpeedEstimate,
    SplitLayers,
    SpreadLayers,
)
from lmrt.domain.rejections import MemoryExceeded, Rejection
from lmrt.wire.documents import document, read_document
from lmrt.wire.strict import strict_converter
from lmrt.wire.tagged import register_derived, register_union

KIND = "plan"

_TYPES: dict[type, str] = {
    LocalSource: "local",
    HubSource: "hub",
    OnCpu: "cpu",
    OnDevice: "device",
    SplitLayers: "split",
    SpreadLayers: "spread",
    Rejected: "rejected",
    Outranked: "outranked",
    ContextAtMost: "context-at-most",
    MemoryFreed: "memory-freed",
    BudgetRaised: "budget-raised",
    BackendInstalled: "backend-installed",
    Preferring: "preferring",
    PinDropped: "pin-dropped",
    UnsafeWeightsAllowed: "unsafe-weights-allowed",
}


def plan_payload(plan: RuntimePlan) -> PlanJsonPayload:
    """Return the document of a plan."""
    return document(KIND, converter.unstructure(plan))


def plan_from_payload(payload: Any) -> RuntimePlan:
    """Return the plan of a document.

    Raises:
        ConfigurationError: It is no plan document (`invalid-document`).
    """
    return read_document(converter, payload, KIND, RuntimePlan)


def _code(kind: Any) -> str:
    return str(kind.code)


def _explained(rejection: Rejection) -> JsonObject:
    derived: JsonObject = {"message": describe(rejection), "fix": fix(rejection)}
    if isinstance(rejection, MemoryExceeded):
        derived["short_by"] = rejection.short_by
    return derived


def _converter() -> Any:
    # The parts come before what they are part of: a class's hook keeps the hooks of its fields.
    made = strict_converter()
    register_union(made, Rejection, "code", _code)
    register_union(made, Notice, "code", _code)
    for union in (ArtifactSource, Placement, Rejected | Outranked, Change):
        register_union(made, union, "type", _TYPES.__getitem__)
    for rejection in get_args(Rejection):
        register_derived(made, rejection, _explained, frozenset({"message", "fix", "short_by"}))
    for told in (*get_args(Notice), *get_args(Change)):
        register_derived(made, told, _message, frozenset({"message"}))
    register_derived(made, MemoryEstimate, _total, frozenset({"total"}))
    register_derived(made, SpeedEstimate, _first_token, frozenset({"first_token"}))
    register_derived(made, WeightBytes, _total, frozenset({"total"}))
    register_derived(made, Artifact, _size, frozenset({"size"}))
    return made


def _message(told: Notice | Change) -> JsonObject:
    return {"message": told.message}


def _total(value: MemoryEstimate | WeightBytes) -> JsonObject:
    return {"total": value.total}


def _first_token(speed: SpeedEstimate) -> JsonObject:
    return {"first_token": speed.first_token}


def _size(artifact: Artifact) -> JsonObject:
    return {"size": artifact.size}


converter = _converter()
"""Knows every value of a plan; other documents use it for the parts that they share."""
