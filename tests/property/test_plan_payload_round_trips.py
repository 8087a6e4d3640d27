import json
from copy import deepcopy

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lmrt.domain.errors import ConfigurationError
from lmrt.wire.plan import plan_from_payload, plan_payload
from tests.property.strategies import worlds
from tests.property.worlds import World
from tests.support.json_values import not_plain, objects_in


@given(worlds())
def test_a_plan_survives_its_document(world: World) -> None:
    plan = world.plan()
    assume(plan is not None)
    assert plan is not None

    payload = plan_payload(plan)

    assert not_plain(payload) == []
    assert plan_from_payload(json.loads(json.dumps(payload, allow_nan=False))) == plan


@given(worlds(), st.data())
def test_an_unknown_key_is_refused_wherever_it_stands(world: World, data: st.DataObject) -> None:
    plan = world.plan()
    assume(plan is not None)
    assert plan is not None
    payload = deepcopy(plan_payload(plan))
    objects = list(objects_in(payload))
    objects[data.draw(st.integers(0, len(objects) - 1))]["unheard-of"] = 1

    with pytest.raises(ConfigurationError, match="unknown key `unheard-of` @ \\$") as caught:
        plan_from_payload(payload)
    assert caught.value.code == "invalid-document"
