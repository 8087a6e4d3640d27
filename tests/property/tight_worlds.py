"""Worlds in which it depends on the weights' data type whether they fit."""

from attrs import evolve
from hypothesis import strategies as st

from lmrt.domain.models import Quantization
from lmrt.domain.probes import BackendDevice
from tests.property.data_types import PLAIN, ROUNDING
from tests.property.strategies import DEVICES, KINDS, able_worlds, largest, megabytes
from tests.property.worlds import World


@st.composite
def tight_worlds(draw: st.DrawFn) -> World:
    """Return an able world whose plain weights fit into main memory if they are rounded, or not."""
    world = draw(able_worlds())
    stored = draw(st.sampled_from(PLAIN))
    plain = tuple(
        evolve(one, quantization=Quantization(stored.upper(), stored.bits), dtype=stored)
        for one in world.model.artifacts
    )
    model = evolve(world.model, artifacts=plain)
    offer = draw(st.sampled_from(ROUNDING))
    probes = tuple(
        evolve(
            probe,
            devices=tuple(BackendDevice(name, KINDS[name], 0.8, *offer) for name in DEVICES),
            overhead=0,
        )
        for probe in world.probes
    )
    share = draw(st.floats(0.2, 1.2))
    memory = 2 * (int(largest(model) * share) + draw(megabytes(0, 300)))
    machine = evolve(world.machine, memory_total=memory, memory_free=memory, accelerators=())
    return evolve(world, model=model, machine=machine, probes=probes)
