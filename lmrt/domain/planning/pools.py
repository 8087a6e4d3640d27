"""How much memory a candidate may use.

Of each pool: what is free less a margin, the larger of 5 % of the whole and 512 MiB, but never more
than half of what is free, so that a small model still runs on a small or a full machine. Over all
pools together: the request's memory budget. A budget above what is free takes nothing away from
the margin.
"""

from attrs import frozen

from lmrt.domain.machine import Accelerator, Machine
from lmrt.domain.plans import MemoryEstimate
from lmrt.domain.rejections import MemoryExceeded

LEAST_MARGIN = 512 * 2**20
BUDGET = "budget"


@frozen
class Pools:
    """The limits of one placement's memory, in bytes.

    Attributes:
        host: Of main memory.
        device: Of the accelerator's memory, or None on the CPU.
        name: The accelerator's name, or None on the CPU.
        budget: Of all together, or None for no such limit.
        cards: Name and limit of each card of a gang, in order; empty for one accelerator.
    """

    host: int
    device: int | None
    name: str | None
    budget: int | None
    cards: tuple[tuple[str, int], ...] = ()

    def shortages(self, memory: MemoryEstimate) -> tuple[MemoryExceeded, ...]:
        """Return every limit that the estimate exceeds."""
        found = []
        if memory.host > self.host:
            found.append(MemoryExceeded("cpu", memory.host, self.host))
        if self.device is not None and self.name is not None and memory.device > self.device:
            found.append(MemoryExceeded(self.name, memory.device, self.device))
        if self.budget is not None and memory.total > self.budget:
            found.append(MemoryExceeded(BUDGET, memory.total, self.budget))
        return tuple(found)


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
    host = usable(machine.memory_total, machine.memory_free)
    if accelerator is None:
        return Pools(host, None, None, budget)
    cards = tuple((card.device, _usable_on(machine, card)) for card in gang)
    device = sum(room for _, room in cards) if cards else _usable_on(machine, accelerator)
    return Pools(host, device, accelerator.device, budget, cards)


def _usable_on(machine: Machine, accelerator: Accelerator) -> int:
    return usable(accelerator.memory_total, _free(machine, accelerator))


def usable(total: int, free: int) -> int:
    """Return the bytes that may be used of a pool."""
    margin = min(max(total // 20, LEAST_MARGIN), free // 2)
    return free - margin


def _free(machine: Machine, accelerator: Accelerator) -> int:
    if accelerator.memory_free is not None:
        return accelerator.memory_free
    # Where the system does not tell, unified memory is as free as main memory; a card of its own
    # is taken to be empty.
    if accelerator.unified:
        return min(accelerator.memory_total, machine.memory_free)
    return accelerator.memory_total
