"""What the planner sees, and what comes of it."""

from typing import Any

from attrs import evolve, frozen

from lmrt.domain.errors import NoExecutablePlan
from lmrt.domain.machine import Machine
from lmrt.domain.models import ResolvedModel
from lmrt.domain.planning import plan
from lmrt.domain.plans import (
    Alternative,
    Candidate,
    Outranked,
    PlanRequest,
    Rejected,
    RuntimePlan,
    device_of,
)
from lmrt.domain.probes import BackendProbe

Row = tuple[str, str, str | None]
"""Artifact, backend and device."""


@frozen
class World:
    """The arguments of one call."""

    request: PlanRequest
    model: ResolvedModel
    machine: Machine
    probes: tuple[BackendProbe, ...]

    def plan(self) -> RuntimePlan | None:
        """Return the plan, or None where nothing can run."""
        try:
            return plan(self.request, self.model, self.machine, self.probes)
        except NoExecutablePlan:
            return None

    def alternatives(self) -> tuple[Alternative, ...]:
        """Return everything that was not chosen."""
        try:
            return plan(self.request, self.model, self.machine, self.probes).alternatives
        except NoExecutablePlan as error:
            return error.rejected

    def rows(self) -> list[Row]:
        """Return every row of the ledger, the chosen one first."""
        found = self.plan()
        chosen = [] if found is None else [row_of(found.chosen)]
        return chosen + [(row.artifact, row.backend, row.device) for row in self.alternatives()]

    def executable(self) -> dict[Row, Candidate]:
        """Return the candidates that can run."""
        found = self.plan()
        if found is None:
            return {}
        candidates = {row_of(found.chosen): found.chosen}
        for row in found.alternatives:
            match row.why:
                case Outranked():
                    assert row.candidate is not None
                    candidates[row.artifact, row.backend, row.device] = row.candidate
                case Rejected():
                    pass
        return candidates

    def asking(self, **changes: Any) -> "World":
        """Return the same with another request."""
        return evolve(self, request=evolve(self.request, **changes))


def row_of(candidate: Candidate) -> Row:
    """Return the row that a candidate belongs to."""
    return (candidate.artifact, candidate.backend, device_of(candidate.placement))
