from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from lmrt.domain.probes import BackendProbe, Feature
from tests.property.strategies import able_worlds, worlds
from tests.property.worlds import World


@st.composite
def weakened(draw: st.DrawFn, probe: BackendProbe) -> BackendProbe:
    """Return the backend with one ability, format, device or type less."""
    name = draw(
        st.sampled_from(
            ("formats", "features", "modalities", "devices", "kv_types", "architectures", "methods")
        )
    )
    have = getattr(probe, name)
    if not have:
        return probe
    lost = draw(st.sampled_from(sorted(have, key=str)))
    return evolve(probe, **{name: type(have)(one for one in have if one != lost)})


@given(st.one_of(worlds(), able_worlds()), st.data())
def test_a_weaker_backend_adds_no_candidate(world: World, data: st.DataObject) -> None:
    weaker = evolve(world, probes=tuple(data.draw(weakened(probe)) for probe in world.probes))

    assert weaker.executable().keys() <= world.executable().keys()


@given(able_worlds(), st.sampled_from((Feature.PARTIAL_OFFLOAD, Feature.FLASH_ATTENTION)))
def test_a_lost_ability_to_save_memory_adds_no_candidate(world: World, lost: Feature) -> None:
    weaker = evolve(
        world,
        probes=tuple(evolve(probe, features=probe.features - {lost}) for probe in world.probes),
    )

    assert weaker.executable().keys() <= world.executable().keys()


@given(worlds())
def test_a_missing_backend_takes_only_its_own_candidates(world: World) -> None:
    fewer = evolve(world, probes=world.probes[1:])
    gone = {probe.backend for probe in world.probes[:1]}

    kept = {row for row in world.executable() if row[1] not in gone}
    assert fewer.executable().keys() == kept


@given(worlds())
def test_a_missing_accelerator_takes_only_its_own_candidates(world: World) -> None:
    fewer = evolve(world, machine=evolve(world.machine, accelerators=()))

    kept = {row for row in world.executable() if row[2] == "cpu"}
    assert fewer.executable().keys() == kept
