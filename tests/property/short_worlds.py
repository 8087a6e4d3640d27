"""Worlds with a budget at which candidates begin to give something up."""

from attrs import evolve
from hypothesis import strategies as st

from lmrt.domain.models import Artifact, Quantization, WeightBytes
from tests.property.strategies import able_worlds
from tests.property.worlds import World

MIXES = (2.6, 3.9, 4.85, 8.5)


@st.composite
def short_worlds(draw: st.DrawFn) -> World:
    """Return an able world whose model comes in four mixes, with just enough memory for one."""
    world = draw(able_worlds())
    first = world.model.artifacts[0]
    mixes = tuple(_mixed(first, bits) for bits in MIXES)
    world = evolve(world, model=evolve(world.model, artifacts=mixes, trained_context=None))
    world = world.asking(context_length=None, memory_budget=None)
    sizes = {2**62}
    for context in (16_384, 8192, 4096):
        asked = world.asking(context_length=context).executable()
        sizes |= {candidate.memory.total for candidate in asked.values()}
    return world.asking(memory_budget=draw(st.sampled_from(sorted(sizes))))


def _mixed(artifact: Artifact, bits: float) -> Artifact:
    share, weights = bits / 16, artifact.weights
    return evolve(
        artifact,
        id=f"{artifact.id}-{bits:g}",
        quantization=Quantization(f"{bits:g}", bits),
        dtype=None,
        weights=WeightBytes(
            layers=tuple(int(size * share) for size in weights.layers),
            input=int(weights.input * share),
            output=int(weights.output * share),
            other=weights.other,
        ),
    )
