"""What a shortage asks to free is what lets the candidate run, and not a byte more."""

from attrs import evolve
from hypothesis import assume, event, given

from lmrt.domain.counterfactuals import MemoryFreed
from lmrt.domain.machine import Machine
from lmrt.domain.planning import counterfactuals
from lmrt.domain.plans import Rejected
from lmrt.domain.rejections import MemoryExceeded
from tests.property.fast_devices import fast_worlds
from tests.property.worlds import Row, World


def with_free(machine: Machine, pool: str, more: int) -> Machine:
    """Return the machine with more free memory in one pool."""
    if pool == "cpu":
        return evolve(machine, memory_free=machine.memory_free + more)
    cards = tuple(
        evolve(card, memory_free=card.memory_free + more)
        if card.device == pool and card.memory_free is not None
        else card
        for card in machine.accelerators
    )
    return evolve(machine, accelerators=cards)


def curable(world: World) -> dict[Row, MemoryExceeded]:
    """Return the rows that one shortage alone keeps from running, where enough can be freed."""
    found: dict[Row, MemoryExceeded] = {}
    for row in world.alternatives():
        match row.why:
            case Rejected((MemoryExceeded(_, _, _, int(missing), int(held)) as short,)):
                if missing <= held:
                    found[row.artifact, row.backend, row.device] = short
            case _:
                pass
    return found


def freeing(world: World, short: MemoryExceeded, more: int) -> World:
    return evolve(world, machine=with_free(world.machine, short.pool, more))


@given(fast_worlds())
def test_so_much_more_lets_the_row_run_and_less_leaves_it_short(world: World) -> None:
    world = evolve(
        world,
        machine=evolve(
            world.machine,
            accelerators=tuple(one for one in world.machine.accelerators if not one.unified),
        ),
    )
    rows = curable(world)
    assume(rows)
    event(f"{len(rows)} rows")
    for row, short in rows.items():
        assert short.to_free is not None
        if "+" in (row[2] or ""):
            continue  # cards of a gang make way for one another
        assert row in freeing(world, short, short.to_free).executable(), (row, short)
        assert short.to_free > short.short_by - 1
        almost = curable(freeing(world, short, short.to_free - 1)).get(row)
        if almost is not None and almost.needed == short.needed:
            assert almost.to_free == 1


@given(fast_worlds())
def test_the_counterfactual_tells_the_same_size(world: World) -> None:
    """One artifact and one backend on the CPU: nobody else can take the lead before it."""
    world = evolve(
        world,
        model=evolve(world.model, artifacts=world.model.artifacts[:1]),
        probes=world.probes[:1],
        machine=evolve(world.machine, accelerators=()),
    )
    rows = curable(world)
    assume(len(rows) == 1 and world.plan() is None)
    (short,) = rows.values()
    told = counterfactuals(
        world.request, world.model, world.machine, world.probes, world.alternatives()
    )
    freed = [each.change.size for each in told if isinstance(each.change, MemoryFreed)]
    assert freed == [short.to_free]
