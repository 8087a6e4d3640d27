"""Worlds in which a layer is no slower on an accelerator than on the CPU, as it is on real ones."""

from attrs import evolve
from hypothesis import strategies as st

from lmrt.domain.machine import DeviceKind
from tests.property.strategies import able_worlds, worlds
from tests.property.worlds import World

MAIN_MEMORY, FASTER = 50e9, 500e9


@st.composite
def fast_worlds(draw: st.DrawFn) -> World:
    """Return a world of either sort, its accelerators fast and its memory partly taken."""
    world = draw(st.one_of(worlds(), able_worlds()))
    machine = world.machine
    gpus = tuple(
        evolve(
            gpu,
            memory_bandwidth=FASTER,
            memory_free=draw(st.sampled_from((None, gpu.memory_total, gpu.memory_total // 3))),
        )
        for gpu in machine.accelerators
    )
    share = draw(st.sampled_from((0.05, 0.3, 0.7, 1.0)))
    free = int(machine.memory_total * share)
    probes = tuple(
        evolve(
            probe,
            devices=tuple(
                evolve(one, efficiency=0.5 if one.kind is DeviceKind.CPU else 0.7)
                for one in probe.devices
            ),
        )
        for probe in world.probes
    )
    return evolve(
        world,
        machine=evolve(machine, memory_bandwidth=MAIN_MEMORY, memory_free=free, accelerators=gpus),
        probes=probes,
    )
