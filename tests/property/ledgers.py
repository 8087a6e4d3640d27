"""Ledgers of past runs, of what a world can run."""

from hypothesis import strategies as st

from lmrt.domain.errors import NoExecutablePlan
from lmrt.domain.planning import plan
from lmrt.domain.plans import Outranked, RuntimePlan
from lmrt.domain.speed_runs import run_key
from lmrt.domain.speeds import Comparison, Corrected, RunKey, SpeedRun
from tests.property.worlds import Row, World

factors = st.floats(0.01, 100.0)
keys = st.builds(
    RunKey,
    st.sampled_from(("alpha", "beta")),
    st.sampled_from(("cpu", "cuda:0")),
    st.sampled_from(("Q4_K_M", "bf16")),
    st.sampled_from(("1", "2")),
    st.sampled_from(("llama 8B", "llama 100M")),
    st.sampled_from((1, 8)),
    st.just("f16"),
)
comparisons = st.builds(
    lambda predicted, factor, tokens: Comparison(predicted, predicted * factor, tokens),
    st.floats(0.1, 1e4),
    factors,
    st.integers(16, 4096),
)
runs = st.lists(
    st.builds(
        SpeedRun,
        st.just("0123456789abcdef"),
        keys,
        st.none() | comparisons,
        st.none() | comparisons,
    ),
    max_size=12,
)


def keys_of(world: World) -> set[RunKey]:
    """Return the keys of all whose speed a world's plan tells, of what it cannot run too."""
    versions = {probe.backend: probe.availability for probe in world.probes}
    found = set()
    told = [row.candidate for row in world.alternatives() if row.candidate is not None]
    for candidate in (*told, *world.executable().values()):
        artifact = next(one for one in world.model.artifacts if one.id == candidate.artifact)
        version = getattr(versions[candidate.backend], "version", None)
        found.add(run_key(candidate, artifact, version))
    return found


def ranked(world: World, corrections: tuple[Corrected, ...]) -> list[Row]:
    """Return what can run, the best first, with those corrections."""
    found = planned(world, corrections)
    if found is None:
        return []
    others = [
        (row.artifact, row.backend, row.device)
        for row in found.alternatives
        if isinstance(row.why, Outranked)
    ]
    first = (found.chosen.artifact, found.chosen.backend, None)
    return [first, *others]


def planned(world: World, corrections: tuple[Corrected, ...]) -> RuntimePlan | None:
    """Return the plan with those corrections, or None where nothing can run."""
    try:
        return plan(
            world.request, world.model, world.machine, world.probes, corrections=corrections
        )
    except NoExecutablePlan:
        return None
