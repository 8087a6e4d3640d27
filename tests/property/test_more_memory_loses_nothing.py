from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from lmrt.domain.machine import Machine
from lmrt.domain.notices import DtypeReduced
from tests.property.strategies import able_worlds, megabytes
from tests.property.worlds import World


def freer(machine: Machine, more: int) -> Machine:
    """Return the machine with more of its memory free."""
    return evolve(
        machine,
        memory_free=min(machine.memory_total, machine.memory_free + more),
        accelerators=tuple(
            evolve(
                one,
                memory_free=None
                if one.memory_free is None
                else min(one.memory_total, one.memory_free + more),
            )
            for one in machine.accelerators
        ),
    )


def larger(machine: Machine, more: int) -> Machine:
    """Return the machine with more memory, all of it free."""
    return evolve(
        machine,
        memory_total=machine.memory_total + more,
        memory_free=machine.memory_free + more,
        accelerators=tuple(
            evolve(
                one,
                memory_total=one.memory_total + more,
                memory_free=None if one.memory_free is None else one.memory_free + more,
            )
            for one in machine.accelerators
        ),
    )


@given(able_worlds(), megabytes(0, 8000), st.sampled_from((freer, larger)))
def test_more_memory_loses_no_candidate(world: World, more: int, grown: object) -> None:
    assert callable(grown)
    richer = evolve(world, machine=grown(world.machine, more))

    assert world.executable().keys() <= richer.executable().keys()


@given(able_worlds(), megabytes(0, 8000), st.sampled_from((freer, larger)))
def test_more_memory_never_shortens_the_context(world: World, more: int, grown: object) -> None:
    """Weights that were rounded to fit are excepted: they grow back before the context does."""
    assert callable(grown)
    before = world.plan()
    after = evolve(world, machine=grown(world.machine, more)).plan()

    if before is not None and not any(isinstance(one, DtypeReduced) for one in before.notices):
        assert after is not None
        # Backends round up differently, by less than one step.
        step = max(probe.context_rounding for probe in world.probes)
        assert after.settings.context_length > before.settings.context_length - step


@given(able_worlds(), st.integers(1, 2**34))
def test_a_larger_budget_loses_no_candidate(world: World, budget: int) -> None:
    tight, wide = (world.asking(memory_budget=size) for size in (budget, 2 * budget))

    assert tight.executable().keys() <= wide.executable().keys()
    assert wide.executable().keys() <= world.asking(memory_budget=None).executable().keys()
