"""A model that is too large for one card is spread over several, and no smaller one is."""

import pytest
from attrs import evolve

from lmrt.domain.errors import NoExecutablePlan
from lmrt.domain.machine import DeviceKind
from lmrt.domain.planning import plan
from lmrt.domain.planning.gangs import gang_device
from lmrt.domain.plans import OnDevice, PlanRequest, Rejected, RuntimePlan, SpreadLayers, device_of
from lmrt.domain.probes import BackendDevice, BackendProbe, Feature
from lmrt.domain.rejections import MemoryExceeded
from tests.support import worlds

ONE = BackendDevice("cuda:0", DeviceKind.CUDA, 0.8)
TWO = BackendDevice("cuda:1", DeviceKind.CUDA, 0.6)
JOINING = worlds.gguf_backend(
    ONE,
    TWO,
    worlds.ON_CPU,
    features=frozenset({Feature.FLASH_ATTENTION, Feature.SEVERAL_DEVICES}),
)
ASKED = PlanRequest(device="cuda:0+cuda:1", context_length=4096)


def planned(
    first: int, second: int, request: PlanRequest = ASKED, probe: BackendProbe = JOINING
) -> RuntimePlan:
    """Return the plan of 15 GiB of weights on two cards of so many GiB."""
    cards = (
        worlds.gpu(first * worlds.GIB),
        worlds.gpu(second * worlds.GIB, device="cuda:1"),
    )
    here = worlds.machine(64 * worlds.GIB, accelerators=cards)
    return plan(request, worlds.model(worlds.F16), here, (probe,))


def test_the_layers_are_dealt_out_in_order_and_all_of_them() -> None:
    chosen = planned(10, 12).chosen
    assert isinstance(chosen.placement, SpreadLayers)
    assert [name for name, _ in chosen.placement.layers] == ["cuda:0", "cuda:1"]
    assert chosen.placement.total == 32
    first, second = (count for _, count in chosen.placement.layers)
    assert first > 0
    assert second > 0
    assert chosen.specialization.name == f"cuda-spread({first}+{second})"
    assert device_of(chosen.placement) == "cuda:0+cuda:1"


def test_a_larger_first_card_takes_more_layers() -> None:
    small, large = planned(10, 14).chosen.placement, planned(12, 14).chosen.placement
    assert isinstance(small, SpreadLayers)
    assert isinstance(large, SpreadLayers)
    assert large.layers[0][1] > small.layers[0][1]


def test_each_card_pays_for_its_own_runtime() -> None:
    spread = planned(10, 12).chosen.memory
    alone = planned(24, 12, evolve(ASKED, device="cuda:0")).chosen.memory
    assert spread.overhead == alone.overhead + JOINING.device_overhead
    assert spread.weights == alone.weights


def test_what_fits_on_one_card_stays_on_it() -> None:
    request = PlanRequest(context_length=4096)
    assert planned(24, 24, request).chosen.placement == OnDevice("cuda:0")
    assert isinstance(planned(10, 12, request).chosen.placement, SpreadLayers)


def test_too_little_on_both_names_the_last_card() -> None:
    try:
        planned(6, 6)
    except NoExecutablePlan as error:
        rows = [row for row in error.rejected if row.device == "cuda:0+cuda:1"]
        assert isinstance(rows[0].why, Rejected)
        (short,) = rows[0].why.rejections
        assert isinstance(short, MemoryExceeded)
        assert short.pool == "cuda:1"
        assert short.short_by > 0
    else:
        raise AssertionError("12 GiB do not hold 15")


def test_a_backend_that_cannot_join_cards_is_not_asked_to() -> None:
    plain = evolve(JOINING, features=frozenset({Feature.FLASH_ATTENTION}))
    names = {row.device for row in planned(24, 24, PlanRequest(), plain).alternatives}
    assert names == {"cpu", "cuda:1"}


def test_a_card_without_room_for_its_own_buffers_is_named() -> None:
    crowded = evolve(JOINING, device_overhead=9 * worlds.GIB)
    with pytest.raises(NoExecutablePlan) as caught:
        planned(6, 40, probe=crowded)
    (row,) = (row for row in caught.value.rejected if row.device == "cuda:0+cuda:1")
    assert isinstance(row.why, Rejected)
    assert [found.pool for found in row.why.rejections if isinstance(found, MemoryExceeded)] == [
        "cuda:0"
    ]


def test_several_cards_are_no_faster_than_the_slowest_of_them() -> None:
    told = ("speeds", "attention", "layer_seconds", "thread_seconds")
    slow = evolve(TWO, attention=0.4, layer_seconds=0.001, thread_seconds=0.0005)
    gang = gang_device(evolve(JOINING, devices=(ONE, slow)), (ONE, slow))

    assert gang is not None
    assert gang.efficiency == 0.6
    assert [getattr(gang, name) for name in told] == [getattr(slow, name) for name in told]


def test_a_model_that_fits_one_card_stays_there() -> None:
    device = evolve(ONE, layer_seconds=0.001)
    probe = evolve(JOINING, devices=(device, evolve(device, device="cuda:1"), worlds.ON_CPU))

    assert planned(24, 24, PlanRequest(context_length=4096), probe).chosen.placement == OnDevice(
        "cuda:0"
    )
