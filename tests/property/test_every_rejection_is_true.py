from hypothesis import given
from hypothesis import strategies as st

from lmrt.domain.plans import Rejected
from tests.property.oracle import is_true
from tests.property.strategies import able_worlds, worlds
from tests.property.tight_worlds import tight_worlds
from tests.property.worlds import World


@given(st.one_of(worlds(), able_worlds(), tight_worlds()))
def test_every_rejection_is_true(world: World) -> None:
    for row in world.alternatives():
        for rejection in row.why.rejections if isinstance(row.why, Rejected) else ():
            assert is_true(world, row, rejection), (row, rejection)
