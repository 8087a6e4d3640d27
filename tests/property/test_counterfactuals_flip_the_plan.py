"""The changes are carried out here, by code of its own, and the planner is asked again."""

from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from lmrt.domain.counterfactuals import (
    BackendInstalled,
    BudgetRaised,
    Change,
    ContextAtMost,
    Counterfactual,
    MemoryFreed,
    PinDropped,
    Preferring,
    UnsafeWeightsAllowed,
)
from lmrt.domain.machine import Machine
from lmrt.domain.planning import counterfactuals
from lmrt.domain.probes import Available
from tests.property.fast_devices import fast_worlds
from tests.property.worlds import Row, World, row_of


def found_in(world: World) -> tuple[Counterfactual, ...]:
    return counterfactuals(
        world.request, world.model, world.machine, world.probes, world.alternatives()
    )


def chosen(world: World) -> Row | None:
    plan = world.plan()
    return None if plan is None else row_of(plan.chosen)


def row(found: Counterfactual) -> Row:
    return (found.artifact, found.backend, found.device)


def more_free(machine: Machine, pool: str, size: int) -> Machine:
    """Return the machine with more free memory; unified memory is one pool."""
    gpus = []
    for gpu in machine.accelerators:
        own = gpu.device == pool or (gpu.unified and pool == "cpu")
        if own and gpu.memory_free is not None:
            gpu = evolve(gpu, memory_free=min(gpu.memory_free + size, gpu.memory_total))
        gpus.append(gpu)
    free = machine.memory_free + (size if pool == "cpu" else 0)
    assert free <= machine.memory_total
    return evolve(machine, memory_free=free, accelerators=tuple(gpus))


def carried_out(world: World, change: Change) -> World:
    match change:
        case ContextAtMost(tokens):
            return world.asking(context_length=tokens)
        case MemoryFreed(pool, size):
            return evolve(world, machine=more_free(world.machine, pool, size))
        case BudgetRaised(budget):
            return world.asking(memory_budget=budget)
        case BackendInstalled(backend):
            probes = [
                evolve(one, availability=Available("2")) if one.backend == backend else one
                for one in world.probes
            ]
            return evolve(world, probes=tuple(probes))
        case Preferring(prefer):
            return world.asking(prefer=prefer)
        case PinDropped(option):
            return world.asking(**{option.replace("-", "_"): None})
        case UnsafeWeightsAllowed():
            return world.asking(allow_unsafe_weights=True)


def smaller(world: World, change: Change, data: st.DataObject) -> Change | None:
    """Return a smaller change of the same kind, next to it or anywhere below."""

    def between(low: int, high: int) -> int:
        near = data.draw(st.booleans())
        return data.draw(st.integers(max(low, high - 2) if near else low, high))

    match change:
        case ContextAtMost(tokens):
            asked = world.request.context_length
            most = 16_384 if world.model.trained_context is None else world.model.trained_context
            top = min(most, 16_384) if asked is None else asked - 1
            return None if tokens >= top else ContextAtMost(top - between(0, top - tokens - 1))
        case MemoryFreed(pool, size):
            return MemoryFreed(pool, between(0, size - 1))
        case BudgetRaised(budget):
            assert world.request.memory_budget is not None
            return BudgetRaised(between(world.request.memory_budget, budget - 1))
        case _:
            return None


@given(fast_worlds())
def test_the_change_makes_the_candidate_the_chosen_one(world: World) -> None:
    before = chosen(world)
    for found in found_in(world):
        assert row(found) != before
        assert chosen(carried_out(world, found.change)) == row(found), found


@given(fast_worlds(), st.data())
def test_no_smaller_change_of_that_kind_does(world: World, data: st.DataObject) -> None:
    changes = found_in(world)
    assume(changes)
    for found in changes:
        less = smaller(world, found.change, data)
        if less is not None:
            assert chosen(carried_out(world, less)) != row(found), (found, less)
