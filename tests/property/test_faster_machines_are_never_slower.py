from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from lmrt.domain.machine import Machine
from tests.property.strategies import able_worlds
from tests.property.worlds import World

factors = st.floats(1.0, 100.0)
BANDWIDTH, ARITHMETIC = (10e9, 40e9), (20e9, 300e9)


@st.composite
def measured_worlds(draw: st.DrawFn) -> World:
    """Return a world whose machine was measured."""
    world = draw(able_worlds())
    machine = evolve(
        world.machine,
        thread_bandwidth=draw(st.sampled_from((None, BANDWIDTH[0]))),
        memory_bandwidth=BANDWIDTH[1],
        thread_arithmetic=draw(st.sampled_from((None, ARITHMETIC[0]))),
        arithmetic=ARITHMETIC[1],
        accelerators=tuple(
            evolve(gpu, memory_bandwidth=500e9, arithmetic=5e12)
            for gpu in world.machine.accelerators
        ),
    )
    return evolve(world, machine=machine)


def faster(machine: Machine, reading: float, computing: float) -> Machine:
    """Return the machine with more of both."""

    def more(value: float | None, factor: float) -> float | None:
        return None if value is None else value * factor

    return evolve(
        machine,
        memory_bandwidth=more(machine.memory_bandwidth, reading),
        thread_bandwidth=more(machine.thread_bandwidth, reading),
        arithmetic=more(machine.arithmetic, computing),
        thread_arithmetic=more(machine.thread_arithmetic, computing),
        accelerators=tuple(
            evolve(
                gpu,
                memory_bandwidth=more(gpu.memory_bandwidth, reading),
                arithmetic=more(gpu.arithmetic, computing),
            )
            for gpu in machine.accelerators
        ),
    )


@given(measured_worlds(), factors, factors)
def test_no_candidate_gets_slower(world: World, reading: float, computing: float) -> None:
    before = world.executable()
    after = evolve(world, machine=faster(world.machine, reading, computing)).executable()

    assert before.keys() == after.keys()
    for row, slow in before.items():
        fast = after[row]
        assert fast.speed.decode >= slow.speed.decode * (1 - 1e-9)
        assert slow.speed.prefill is not None
        assert fast.speed.prefill is not None
        assert fast.speed.prefill >= slow.speed.prefill * (1 - 1e-9)
        assert slow.speed.decode <= slow.speed.decode_limit * (1 + 1e-9)
