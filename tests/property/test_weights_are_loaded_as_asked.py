"""The data type that weights are loaded as: obeyed where it is pinned, reduced only in need."""

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from lmrt.domain.config import Dtype
from lmrt.domain.models import Artifact
from lmrt.domain.notices import DtypeReduced
from lmrt.domain.plans import Rejected
from lmrt.domain.probes import BackendDevice, BackendProbe
from lmrt.domain.rejections import DtypeUnsupported, FormatUnsupported
from tests.property.strategies import able_worlds, worlds
from tests.property.tight_worlds import tight_worlds
from tests.property.worlds import Row, World


def artifact_of(world: World, row: Row) -> Artifact:
    (found,) = (one for one in world.model.artifacts if one.id == row[0])
    return found


def probe_of(world: World, row: Row) -> BackendProbe:
    (found,) = (one for one in world.probes if one.backend == row[1])
    return found


def cards_of(world: World, row: Row) -> list[BackendDevice]:
    """Return the devices that a row is about: one, or all cards of a gang."""
    names = str(row[2]).split("+")
    return [one for one in probe_of(world, row).devices if one.device in names]


def usable(world: World, row: Row) -> bool:
    """Return whether the row's device is there, on the machine and for the backend."""
    cards = cards_of(world, row)
    there = (one.device == "cpu" or world.machine.accelerator(one.device) for one in cards)
    return bool(cards) and all(there)


def offered(world: World, row: Row) -> set[Dtype]:
    """Return what every one of the row's devices can load weights as."""
    return set.intersection(*({*one.dtypes, *one.other_dtypes} for one in cards_of(world, row)))


def converts(world: World, row: Row) -> bool:
    """Return whether the row's weights are plain ones and its device loads them as it likes."""
    plain = artifact_of(world, row)
    return bool(plain.dtype and not plain.quantization.method and offered(world, row))


def usual(world: World, row: Row) -> Dtype:
    """Return what the row's weights become where nothing is asked for and memory is plenty."""
    stored = artifact_of(world, row).dtype
    assert stored is not None
    best = cards_of(world, row)[0].dtypes
    return stored if stored in best or not best else best[0]


@given(st.one_of(worlds(), able_worlds()), st.sampled_from((None, *Dtype)))
def test_a_pinned_dtype_is_obeyed_or_refused(world: World, pinned: Dtype | None) -> None:
    asking = world.asking(dtype=pinned)
    for row, candidate in asking.executable().items():
        if not converts(asking, row):
            assert candidate.settings.dtype is None
            assert pinned in (None, artifact_of(asking, row).dtype)
            assert pinned is None or not artifact_of(asking, row).quantization.method
        elif pinned is not None:
            assert candidate.settings.dtype is pinned
        else:
            assert (candidate.settings.dtype or usual(asking, row)) in {
                *offered(asking, row),
                usual(asking, row),
            }


@given(able_worlds(), st.sampled_from(Dtype))
def test_a_dtype_is_refused_for_itself_only_where_it_is_not_offered(
    world: World, pinned: Dtype
) -> None:
    asking = world.asking(dtype=pinned)
    for found in asking.alternatives():
        row = (found.artifact, found.backend, found.device)
        if not isinstance(found.why, Rejected) or not usable(asking, row):
            continue
        refused = any(isinstance(one, DtypeUnsupported) for one in found.why.rejections)
        if converts(asking, row):
            assert refused == (pinned not in offered(asking, row))


@given(st.one_of(worlds(), tight_worlds()))
def test_weights_are_rounded_with_a_notice_or_because_that_was_asked(world: World) -> None:
    plan = world.plan()
    if plan is None:
        return
    told = [one for one in plan.notices if isinstance(one, DtypeReduced)]
    dtype = plan.settings.dtype
    if dtype is not None and dtype.rounded and world.request.dtype is None:
        (notice,) = told
        assert notice.planned == str(dtype)
        assert notice.default != notice.planned
    else:
        assert told == []


@given(tight_worlds())
def test_weights_are_rounded_only_where_nothing_larger_fits(world: World) -> None:
    for row, candidate in world.executable().items():
        dtype = candidate.settings.dtype
        if dtype is None or not dtype.rounded:
            continue
        larger = {each for each in offered(world, row) if each.bits > dtype.bits and each.rounded}
        for each in {*larger, usual(world, row)}:
            assert row not in world.asking(dtype=each).executable()


@given(tight_worlds())
def test_types_of_16_bits_and_more_are_not_given_up_for_each_other(world: World) -> None:
    for row, candidate in world.executable().items():
        if converts(world, row):
            dtype = candidate.settings.dtype or artifact_of(world, row).dtype
            assert dtype is not None
            assert dtype.rounded or dtype is usual(world, row)


@given(tight_worlds())
def test_an_unrounded_cache_follows_the_weights_where_it_has_to(world: World) -> None:
    following = tuple(evolve(probe, kv_follows_weights=True) for probe in world.probes)
    for row, candidate in evolve(world, probes=following).executable().items():
        kv_type = candidate.settings.kv_type
        if converts(world, row) and kv_type.block == 1:
            dtype = candidate.settings.dtype or artifact_of(world, row).dtype
            assert dtype is not None
            computes = usual(world, row) if dtype.rounded else dtype
            assert kv_type.value == computes.value


@given(worlds())
def test_a_rounded_cache_serves_as_many_sequences_as_it_can(world: World) -> None:
    for row, candidate in world.executable().items():
        probe, settings = probe_of(world, row), candidate.settings
        assert settings.max_sequences <= probe.max_sequences
        if settings.kv_type.block > 1 and probe.rounded_kv_sequences is not None:
            assert settings.max_sequences <= probe.rounded_kv_sequences


@given(able_worlds())
def test_whole_windows_never_need_less(world: World) -> None:
    cut, whole = (
        evolve(world, probes=tuple(evolve(probe, whole_windows=how) for probe in world.probes))
        for how in (False, True)
    )
    smaller, larger = cut.executable(), whole.executable()
    assert larger.keys() <= smaller.keys()
    for row in larger:
        if larger[row].settings == smaller[row].settings:
            assert larger[row].memory.kv_cache >= smaller[row].memory.kv_cache


@given(worlds())
def test_weights_that_are_rounded_in_a_way_it_does_not_know_are_not_read(world: World) -> None:
    for row in world.executable():
        method = artifact_of(world, row).quantization.method
        assert method is None or method in probe_of(world, row).methods
    for found in world.alternatives():
        row = (found.artifact, found.backend, found.device)
        method, probe = artifact_of(world, row).quantization.method, probe_of(world, row)
        reads = artifact_of(world, row).format in probe.formats
        if isinstance(found.why, Rejected) and reads and method not in (None, *probe.methods):
            assert any(isinstance(one, FormatUnsupported) for one in found.why.rejections)
