from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from lmrt.domain.machine import DeviceKind
from lmrt.domain.models import Artifact
from lmrt.domain.planning.speed import Processor, pace
from lmrt.domain.planning.weights import size_up
from lmrt.domain.planning.work import Work
from lmrt.domain.probes import BackendDevice, WeightSpeed
from lmrt.domain.speeds import Pace
from tests.property.strategies import able_worlds
from tests.property.worlds import World

shares = st.floats(0.0, 3.0)
sizes = st.floats(0.0, 1e12)


@st.composite
def processors(draw: st.DrawFn) -> Processor:
    speeds = (WeightSpeed("Q4", draw(st.floats(0.0, 1.0)), draw(shares), draw(shares)),)
    device = BackendDevice(
        "cpu",
        DeviceKind.CPU,
        draw(st.floats(0.0, 1.0)),
        speeds=draw(st.sampled_from((speeds, ()))),
        attention=draw(shares),
        layer_seconds=draw(st.floats(0.0, 1e-3)),
    )
    return Processor(
        device,
        bandwidth=draw(st.floats(1e9, 1e13)),
        arithmetic=draw(st.floats(1e9, 1e15)),
        told=True,
        waits=draw(st.floats(0.0, 1e-3)),
        cache=draw(st.floats(0.0, 1e9)),
    )


@st.composite
def works(draw: st.DrawFn) -> Work:
    numbers = [draw(sizes) for _ in range(5)]
    return Work(draw(st.integers(1, 100)), *numbers)


def slower_nowhere(less: Pace, more: Pace, tokens: int, batch: int) -> None:
    assert less.step(tokens) <= more.step(tokens)
    assert less.prompt(tokens, batch) <= more.prompt(tokens, batch)


@given(works(), works(), processors(), st.integers(1, 5000), st.integers(1, 2048))
def test_more_work_never_takes_less(
    one: Work, other: Work, processor: Processor, tokens: int, batch: int
) -> None:
    parts = ("layers", "read", "alone", "together", "cell", "looking")
    more = {name: getattr(one, name) + getattr(other, name) for name in parts}
    slower_nowhere(
        pace(one, processor, "Q4_K_M"),
        pace(evolve(one, **more), processor, "Q4_K_M"),
        tokens,
        batch,
    )


@given(works(), processors(), st.integers(1, 5000), st.integers(1, 500), st.integers(1, 2048))
def test_a_longer_prompt_never_takes_less(
    work: Work, processor: Processor, tokens: int, further: int, batch: int
) -> None:
    found = pace(work, processor, "Q4_K_M")

    assert found.step(tokens) <= found.step(tokens + further)
    assert found.prompt(tokens, batch) <= found.prompt(tokens + further, batch)


@given(able_worlds(), st.floats(1.0, 8.0))
def test_heavier_weights_are_never_faster(world: World, factor: float) -> None:
    """All artifacts alike, so that none gets more threads than it had: those are pinned."""

    def same_head(one: Artifact, other: Artifact) -> bool:
        """Whether both have an output head of their own, or neither: see `size_up`."""
        return size_up(one, world.model.shape).tied == size_up(other, world.model.shape).tied

    artifacts = tuple(
        evolve(
            one,
            weights=evolve(
                one.weights,
                layers=tuple(int(size * factor) for size in one.weights.layers),
                input=int(one.weights.input * factor),
                output=int(one.weights.output * factor),
                other=int(one.weights.other * factor),
            ),
        )
        for one in world.model.artifacts
    )
    assume(all(map(same_head, world.model.artifacts, artifacts)))
    light = world.asking(threads=1)
    heavy = evolve(light, model=evolve(world.model, artifacts=artifacts)).executable()
    before = light.executable()

    for row in before.keys() & heavy.keys():
        less, more = before[row], heavy[row]
        if (less.placement, less.settings) == (more.placement, more.settings):
            assert more.speed.decode <= less.speed.decode * (1 + 1e-9)
