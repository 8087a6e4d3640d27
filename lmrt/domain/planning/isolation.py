"""Whether the engine gets a process of its own.

It does where the estimate passes 80 % of what is free of a pool: there the system may end the
process that takes the rest, or the engine may crash where an allocation fails, and neither should
take the caller along. It also does after memory ran out once: what is free is less than it seemed.
"""

from collections.abc import Iterator, Sequence

from lmrt.domain.failures import MAIN_MEMORY, FailedLoad
from lmrt.domain.machine import Machine
from lmrt.domain.planning.failed import ran_out
from lmrt.domain.planning.gangs import joined
from lmrt.domain.plans import Candidate, Isolated, OnCpu, device_of

_NEARLY_ALL = 0.8


def isolation(
    candidate: Candidate, machine: Machine, failed: Sequence[FailedLoad] = ()
) -> Isolated | None:
    """Return why a candidate's engine needs a process of its own, or None where it does not.

    Args:
        candidate: What is to be loaded.
        machine: The machine, as failed loads found it.
        failed: Loads of the same model that failed.
    """
    short = {ran_out(each.failure) for each in failed}
    for each in _needs(candidate, machine):
        if each.needed > _NEARLY_ALL * each.free or each.pool in short:
            return each
    return None


def _needs(candidate: Candidate, machine: Machine) -> Iterator[Isolated]:
    yield Isolated(MAIN_MEMORY, candidate.memory.host, machine.memory_free)
    device = device_of(candidate.placement)
    accelerator = None if isinstance(candidate.placement, OnCpu) else joined(machine, device)
    # Where the system does not tell what is free of an accelerator, its own errors have to do
    if accelerator is not None and accelerator.memory_free is not None:
        yield Isolated(device, candidate.memory.device, accelerator.memory_free)
