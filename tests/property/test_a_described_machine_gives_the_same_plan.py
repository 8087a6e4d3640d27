import json
from copy import deepcopy

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from lmrt.domain.errors import ConfigurationError
from lmrt.domain.surroundings import Surroundings
from lmrt.wire.machine import machine_from_payload, machine_payload
from tests.property.strategies import able_worlds, worlds
from tests.property.worlds import World
from tests.support.json_values import not_plain, objects_in


@given(st.one_of(worlds(), able_worlds()))
def test_what_is_saved_and_read_plans_the_same(world: World) -> None:
    payload = machine_payload(Surroundings(world.machine, world.probes))
    assert not_plain(payload) == []

    read = machine_from_payload(json.loads(json.dumps(payload, allow_nan=False)))
    elsewhere = evolve(world, machine=read.machine, probes=read.probes)

    assert elsewhere == world
    assert elsewhere.plan() == world.plan()
    assert elsewhere.alternatives() == world.alternatives()


@given(worlds(), st.data())
def test_an_unknown_key_is_refused_wherever_it_stands(world: World, data: st.DataObject) -> None:
    payload = deepcopy(machine_payload(Surroundings(world.machine, world.probes)))
    objects = list(objects_in(payload))
    objects[data.draw(st.integers(0, len(objects) - 1))]["unheard-of"] = 1

    with pytest.raises(ConfigurationError, match="unknown key `unheard-of` @ \\$") as caught:
        machine_from_payload(payload)
    assert caught.value.code == "invalid-document"
