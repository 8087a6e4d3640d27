"""What would have to be different for a losing candidate to be chosen.

Every change is checked by planning again with that one fact changed. Changes without a size (a
preference, an installed backend, a pin left out) are tried one after the other: whoever wins then
has its counterfactual. Those with a size are searched for the best loser of each backend and of
each artifact, to the token and to the byte.

The search relies on one property: no candidate gets worse as the change grows, so that a loser can
take the lead only where it gets better itself. It therefore looks for the smallest change that lets
the loser beat who leads so far, plans there, and goes on from there where somebody else leads by
then. The property holds as long as a layer is no slower on an accelerator than on the CPU.
"""

from collections.abc import Callable, Iterator, Sequence

from attrs import evolve, frozen

from lmrt.domain.counterfactuals import (
    BudgetRaised,
    Change,
    ContextAtMost,
    Counterfactual,
    MemoryFreed,
)
from lmrt.domain.machine import Machine
from lmrt.domain.models import ResolvedModel
from lmrt.domain.planning.changes import Situation, changed, occupied, single_changes
from lmrt.domain.planning.choice import RankKey, rank_key
from lmrt.domain.planning.combinations import combinations
from lmrt.domain.planning.context import context_ladder
from lmrt.domain.planning.fitting import Fits, assess
from lmrt.domain.planning.query import Query, query
from lmrt.domain.plans import Alternative, Outranked, PlanRequest, Rejected
from lmrt.domain.probes import BackendProbe
from lmrt.domain.rejections import ContextExceeded, MemoryExceeded, WindowUnsupported
from lmrt.domain.speeds import Corrected

_MOST_STEPS = 64
"""Leads that a search looks past before it gives up and leaves the counterfactual out."""

_CURABLE = (MemoryExceeded, ContextExceeded, WindowUnsupported)
"""Reasons that a change with a size can remove."""


@frozen
class _Row:
    artifact: str
    backend: str
    device: str


@frozen
class _Scale:
    """A kind of change by its size.

    Attributes:
        most: The size of the largest; 1 is that of the smallest.
        change: The change of a size.
        any_context: Whether candidates are compared as if all had the same context, because it is
            the context that changes.
    """

    most: int
    change: Callable[[int], Change]
    any_context: bool = False


def counterfactuals(
    request: PlanRequest,
    model: ResolvedModel,
    machine: Machine,
    probes: Sequence[BackendProbe],
    alternatives: Sequence[Alternative],
    corrections: Sequence[Corrected] = (),
) -> tuple[Counterfactual, ...]:
    """Return the changes that would make other candidates the chosen one, by candidate.

    Args:
        request: What the plan was made for, as in `plan`.
        model: The model.
        machine: The machine.
        probes: What each backend can do there.
        alternatives: The candidates that were not chosen, the best first; where nothing can run,
            all of them.
        corrections: What past runs said about estimates, as in `plan`.
    """
    situation = Situation(request, model, machine, tuple(probes), tuple(corrections))
    rows = _worth_naming(alternatives)
    found = [*_by_size(situation, rows), *_without_size(situation)]
    order = {row: place for place, row in enumerate(rows)}
    return tuple(sorted(found, key=lambda each: order.get(_row(each), len(order))))


def _without_size(situation: Situation) -> Iterator[Counterfactual]:
    leader = _leader(situation)
    for change in single_changes(situation):
        winner = _leader(changed(situation, change))
        if winner is not None and (leader is None or _row_of(winner) != _row_of(leader)):
            yield _counterfactual(_row_of(winner), change)


def _by_size(situation: Situation, rows: Sequence[_Row]) -> Iterator[Counterfactual]:
    for scale in _scales(situation):
        if scale.most < 1:
            continue
        leader = _leader(changed(situation, scale.change(1)))
        for row in rows:
            change = _least(situation, row, scale, leader)
            if change is not None:
                yield _counterfactual(row, change)


def _scales(situation: Situation) -> Iterator[_Scale]:
    request, machine = situation.request, situation.machine
    asked = request.context_length
    longest = context_ladder(request, situation.model)[0] if asked is None else asked - 1
    yield _Scale(longest, lambda size: ContextAtMost(longest + 1 - size), any_context=True)
    for pool, held in occupied(machine):
        yield _Scale(held, _freeing(pool))
    budget = request.memory_budget
    if budget is not None:
        everything = machine.memory_total + sum(one.memory_total for one in machine.accelerators)
        yield _Scale(everything - budget, lambda size: BudgetRaised(budget + size))


def _freeing(pool: str) -> Callable[[int], Change]:
    return lambda size: MemoryFreed(pool, size)


def _least(situation: Situation, row: _Row, scale: _Scale, leader: Fits | None) -> Change | None:
    """Return the smallest change of a kind that makes a row the chosen one, or None.

    Args:
        situation: What was planned for.
        row: The candidate.
        scale: The kind of change.
        leader: Who is chosen after the smallest change of that kind.
    """
    only = _only(situation, row)
    prefer = situation.request.prefer

    def key(fits: Fits | None) -> RankKey | None:
        if fits is None:
            return None
        return rank_key(evolve(fits, context=0) if scale.any_context else fits, prefer)

    def ahead(size: int) -> bool:
        own, best = key(_fits(changed(only, scale.change(size)), row)), key(leader)
        return own is not None and (best is None or own < best)

    size = 1
    for _ in range(_MOST_STEPS):
        if leader is not None and _row_of(leader) == row:
            return scale.change(size)
        further = _first(size + 1, scale.most, ahead)
        if further is None:
            return None
        size = further
        leader = _leader(changed(situation, scale.change(size)))
    return None


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int | None:
    """Return the smallest number of a range for which something holds that goes on to hold."""
    if low > high or not holds(high):
        return None
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _query(situation: Situation) -> Query:
    return query(
        situation.request,
        situation.model,
        situation.machine,
        corrections=situation.corrections,
    )


def _leader(situation: Situation) -> Fits | None:
    asked = _query(situation)
    found = (assess(asked, each) for each in combinations(asked, situation.probes))
    fitting = (each for each in found if isinstance(each, Fits))
    return min(fitting, key=lambda fits: rank_key(fits, asked.request.prefer), default=None)


def _only(situation: Situation, row: _Row) -> Situation:
    """Return the situation with a row's artifact and backend alone, which take less to assess."""
    artifacts = tuple(one for one in situation.model.artifacts if one.id == row.artifact)
    probes = tuple(one for one in situation.probes if one.backend == row.backend)
    return evolve(situation, model=evolve(situation.model, artifacts=artifacts), probes=probes)


def _fits(situation: Situation, row: _Row) -> Fits | None:
    asked = _query(situation)
    for combination in combinations(asked, situation.probes):
        if combination.name == row.device:
            found = assess(asked, combination)
            return found if isinstance(found, Fits) else None
    return None


def _worth_naming(alternatives: Sequence[Alternative]) -> tuple[_Row, ...]:
    """Return the best loser of each backend and of each artifact, of those that can be helped."""
    seen: set[tuple[str, str]] = set()
    rows: list[_Row] = []
    for found in alternatives:
        device = found.device
        if device is None or not _curable(found):
            continue
        groups = {("artifact", found.artifact), ("backend", found.backend)}
        if not groups <= seen:
            rows.append(_Row(found.artifact, found.backend, device))
        seen |= groups
    return tuple(rows)


def _curable(row: Alternative) -> bool:
    match row.why:
        case Outranked():
            return True
        case Rejected(rejections):
            return all(isinstance(each, _CURABLE) for each in rejections)


def _row(found: Counterfactual) -> _Row:
    return _Row(found.artifact, found.backend, found.device)


def _row_of(fits: Fits) -> _Row:
    return _Row(fits.candidate.artifact, fits.candidate.backend, str(fits.combination.name))


def _counterfactual(row: _Row, change: Change) -> Counterfactual:
    return Counterfactual(row.artifact, row.backend, row.device, change)
