"""What the planner sees, and how it looks with one fact changed."""

from collections.abc import Iterator
from typing import Any, assert_never

from attrs import evolve, frozen

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
from lmrt.domain.machine import Accelerator, Machine
from lmrt.domain.models import ResolvedModel
from lmrt.domain.planning.combinations import CPU
from lmrt.domain.plans import PlanRequest
from lmrt.domain.probes import Available, BackendProbe, Unavailable
from lmrt.domain.speeds import Corrected

_PINS = {"backend": "backend", "device": "device", "kv-type": "kv_type", "dtype": "dtype"}
"""Options that pin a plan, and the fields of the request that hold them."""


@frozen
class Situation:
    """The arguments of one call of the planner."""

    request: PlanRequest
    model: ResolvedModel
    machine: Machine
    probes: tuple[BackendProbe, ...]
    corrections: tuple[Corrected, ...] = ()


def changed(situation: Situation, change: Change) -> Situation:
    """Return the situation with one fact changed."""
    match change:
        case ContextAtMost(tokens):
            return _asking(situation, context_length=tokens)
        case MemoryFreed(pool, size):
            return evolve(situation, machine=_with_free(situation.machine, pool, size))
        case BudgetRaised(budget):
            return _asking(situation, memory_budget=budget)
        case BackendInstalled(backend, _):
            probes = tuple(
                _available(probe) if probe.backend == backend else probe
                for probe in situation.probes
            )
            return evolve(situation, probes=probes)
        case Preferring(prefer):
            return _asking(situation, prefer=prefer)
        case PinDropped(option, _):
            return _asking(situation, **{_PINS[option]: None})
        case UnsafeWeightsAllowed():
            return _asking(situation, allow_unsafe_weights=True)
        case _:
            assert_never(change)


def single_changes(situation: Situation) -> Iterator[Change]:
    """Yield every change that has no size."""
    request = situation.request
    for probe in situation.probes:
        gone = probe.availability
        if isinstance(gone, Unavailable) and gone.fix is not None:
            yield BackendInstalled(probe.backend, gone.fix)
    for prefer in type(request.prefer):
        if prefer is not request.prefer:
            yield Preferring(prefer)
    for option, name in _PINS.items():
        pinned = getattr(request, name)
        if pinned is not None:
            yield PinDropped(option, str(pinned))
    if not request.allow_unsafe_weights:
        yield UnsafeWeightsAllowed()


def occupied(machine: Machine) -> Iterator[tuple[str, int]]:
    """Yield each pool of memory that other processes hold a part of, with the bytes they hold."""
    if machine.memory_free < machine.memory_total:
        yield CPU, machine.memory_total - machine.memory_free
    for accelerator in machine.accelerators:
        free = accelerator.memory_free
        if not accelerator.unified and free is not None and free < accelerator.memory_total:
            yield accelerator.device, accelerator.memory_total - free


def _asking(situation: Situation, **changes: Any) -> Situation:
    return evolve(situation, request=evolve(situation.request, **changes))


def _available(probe: BackendProbe) -> BackendProbe:
    return evolve(probe, availability=Available("to be installed"))


def _with_free(machine: Machine, pool: str, size: int) -> Machine:
    accelerators = tuple(
        _freed(found, size) if pool in (found.device, CPU if found.unified else None) else found
        for found in machine.accelerators
    )
    if pool != CPU:
        return evolve(machine, accelerators=accelerators)
    free = min(machine.memory_total, machine.memory_free + size)
    return evolve(machine, memory_free=free, accelerators=accelerators)


def _freed(accelerator: Accelerator, size: int) -> Accelerator:
    free = accelerator.memory_free
    if free is None:
        return accelerator
    return evolve(accelerator, memory_free=min(accelerator.memory_total, free + size))
