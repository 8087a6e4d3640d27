"""How much memory a candidate may use.

Of each pool: what is free less a margin, the larger of 5 % of the whole and 512 MiB, but never more
than half of what is free, so that a small model still runs on a small or a full machine. Over all
pools together: the request's memory budget. A budget above what is free takes nothing away from
the margin.
"""

from attrs import frozen

from lmrt.domain.failures import MAIN_MEMORY
from lmrt.domain.machine import Accelerator, Machine
from lmrt.domain.plans import MemoryEstimate
from lmrt.domain.rejections import MemoryExceeded

_LEAST_MARGIN = 512 * 2**20
BUDGET = "budget"


@frozen
class Pool:
    """One memory of the machine; both figures are bytes.

    Attributes:
        name: `cpu`, or an accelerator's device name.
        total: What it holds in all.
        free: What is free of it now.
    """

    name: str
    total: int
    free: int

    @property
    def usable(self) -> int:
        """The bytes that may be used of it."""
        return usable(self.total, self.free)

    def exceeded(self, needed: int) -> MemoryExceeded:
        """Return that a candidate needs more than may be used, and what would have to be free."""
        return MemoryExceeded(
            self.name,
            needed,
            self.usable,
            to_free=free_for(self.total, needed) - self.free,
            held=self.total - self.free,
        )


@frozen
class Pools:
    """The limits of one placement's memory, in bytes.

    Attributes:
        main: Main memory.
        accelerator: The accelerator's own, or None on the CPU; of a gang, all together.
        budget: Of all together, or None for no such limit.
        gang: Each card of a gang, in order; empty for one accelerator.
    """

    main: Pool
    accelerator: Pool | None
    budget: int | None
    gang: tuple[Pool, ...] = ()

    @property
    def host(self) -> int:
        """The limit of main memory."""
        return self.main.usable

    @property
    def device(self) -> int | None:
        """The limit of the accelerator's memory, or None on the CPU."""
        if self.gang:
            return sum(card.usable for card in self.gang)
        return None if self.accelerator is None else self.accelerator.usable

    @property
    def name(self) -> str | None:
        """The accelerator's name, or None on the CPU."""
        return None if self.accelerator is None else self.accelerator.name

    @property
    def cards(self) -> tuple[tuple[str, int], ...]:
        """Name and limit of each card of a gang, in order; empty for one accelerator."""
        return tuple((card.name, card.usable) for card in self.gang)

    def shortages(self, memory: MemoryEstimate) -> tuple[MemoryExceeded, ...]:
        """Return every limit that the estimate exceeds."""
        found = []
        if memory.host > self.host:
            found.append(self.main.exceeded(memory.host))
        if self.accelerator is not None and memory.device > (self.device or 0):
            found.append(self.accelerator.exceeded(memory.device))
        if self.budget is not None and memory.total > self.budget:
            found.append(MemoryExceeded(BUDGET, memory.total, self.budget))
        return tuple(found)

    def shortage_of(self, card: str, needed: int) -> MemoryExceeded:
        """Return that one card of the gang is too small for what it would hold."""
        return next(each for each in self.gang if each.name == card).exceeded(needed)


def pools(
    machine: Machine,
    accelerator: Accelerator | None,
    budget: int | None,
    gang: tuple[Accelerator, ...] = (),
) -> Pools:
    """Return the limits on a machine.

    Args:
        machine: The machine.
        accelerator: One of its accelerators, or None for the CPU; with a gang, all of it.
        budget: Of the request.
        gang: The cards that act together; empty for one.
    """
    main = Pool(MAIN_MEMORY, machine.memory_total, machine.memory_free)
    if accelerator is None:
        return Pools(main, None, budget)
    return Pools(
        main,
        _pool(machine, accelerator),
        budget,
        tuple(_pool(machine, card) for card in gang),
    )


def usable(total: int, free: int) -> int:
    """Return the bytes that may be used of a pool."""
    margin = min(_margin(total), free // 2)
    return free - margin


def free_for(total: int, needed: int) -> int:
    """Return the fewest free bytes of a pool with which so many may be used.

    It may be more than the pool holds. Half of what is free is enough where that is less than the
    margin; `usable` rounds that half up.
    """
    return min(needed + _margin(total), 2 * needed - 1)


def _margin(total: int) -> int:
    return max(total // 20, _LEAST_MARGIN)


def _pool(machine: Machine, accelerator: Accelerator) -> Pool:
    return Pool(accelerator.device, accelerator.memory_total, _free(machine, accelerator))


def _free(machine: Machine, accelerator: Accelerator) -> int:
    if accelerator.memory_free is not None:
        return accelerator.memory_free
    # Where the system does not tell, unified memory is as free as main memory; a card of its own
    # is taken to be empty.
    if accelerator.unified:
        return min(accelerator.memory_total, machine.memory_free)
    return accelerator.memory_total
