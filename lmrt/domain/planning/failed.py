"""What loads that failed rule out, so that none is repeated and the next one is likelier to work.

| failure | ruled out |
|---|---|
| any | the same artifact, backend, placement and settings (threads apart) |
| out of memory, or ended for it | what needs more than nine tenths as much where it ran out |
| malformed | every candidate with one of the artifact's files |
| unsupported | the artifact on that backend |
| crashed, other | the artifact on that backend and device |
| engine unusable | the backend, for every model |

All but the last count for the model that was loaded only.
"""

from collections.abc import Iterator, Sequence

from attrs import evolve

from lmrt.domain.failures import (
    MAIN_MEMORY,
    EngineCrashed,
    EngineUnusable,
    FailedLoad,
    LoadFailure,
    Malformed,
    OtherFailure,
    OutOfMemory,
    Unsupported,
    describe_failure,
)
from lmrt.domain.machine import Accelerator, Machine
from lmrt.domain.models import Artifact, ResolvedModel
from lmrt.domain.planning.pools import free_for
from lmrt.domain.plans import (
    Candidate,
    OnCpu,
    OnDevice,
    SplitLayers,
    SpreadLayers,
    device_of,
)
from lmrt.domain.rejections import FailedBefore

_RELIEF = 10
"""After an allocation that failed, a candidate must need less by one part in so many: the next
one is the last that is tried, and a step of a few percent would not be worth it."""


def about(model: ResolvedModel, failed: Sequence[FailedLoad]) -> tuple[FailedLoad, ...]:
    """Return the failures that count for a model."""
    return tuple(
        each
        for each in failed
        if isinstance(each.failure, EngineUnusable)
        or any(_same_files(each.artifact, artifact) for artifact in model.artifacts)
    )


def as_found(machine: Machine, failed: Sequence[FailedLoad]) -> Machine:
    """Return the machine with as little free memory as the failed loads found it to have."""
    for each in failed:
        pool = ran_out(each.failure)
        if pool is not None:
            machine = _lowered(machine, pool, memory_in(machine, pool, each.candidate))
    return machine


def ran_out(failure: LoadFailure) -> str | None:
    """Return the pool of memory that was too small, or None where it was something else."""
    match failure:
        case OutOfMemory(pool, _):
            return pool
        case EngineCrashed() if failure.for_memory:
            return MAIN_MEMORY
        case _:
            return None


def memory_in(machine: Machine, pool: str, candidate: Candidate) -> int:
    """Return the bytes that a candidate needs in a pool; unified memory is one with main memory."""
    accelerator = machine.accelerator(pool)
    if pool == MAIN_MEMORY or (accelerator is not None and accelerator.unified):
        return candidate.memory.host
    match candidate.placement:
        case OnCpu():
            return 0
        case OnDevice(device) | SplitLayers(device, _, _):
            return candidate.memory.device if device == pool else 0
        case SpreadLayers(layers) as spread:
            # By its share of the layers, which is near enough to ask for less of them
            here = sum(count for name, count in layers if name == pool)
            return candidate.memory.device * here // max(spread.total, 1)


def ruled_out(
    failed: Sequence[FailedLoad], artifact: Artifact, backend: str, device: str | None
) -> Iterator[FailedBefore]:
    """Yield what earlier failures say against a combination, whatever its settings."""
    for each in failed:
        if _covers(each, artifact, backend, device):
            yield failed_before(each)


def repeats(failed: Sequence[FailedLoad], candidate: Candidate) -> Iterator[FailedBefore]:
    """Yield the failures of candidates that are the same for the engine."""
    for each in failed:
        if equivalent(each.candidate, candidate):
            yield failed_before(each)


def equivalent(one: Candidate, other: Candidate) -> bool:
    """Return whether an engine would load the same, in the same place and with the same sizes."""
    return _essence(one) == _essence(other)


def failed_before(failed: FailedLoad) -> FailedBefore:
    """Return the rejection that a failure leads to."""
    return FailedBefore(failed.failure.code, describe_failure(failed.failure))


def _covers(failed: FailedLoad, artifact: Artifact, backend: str, device: str | None) -> bool:
    same = _same_files(failed.artifact, artifact)
    here = failed.candidate.backend == backend
    match failed.failure:
        case EngineUnusable():
            return here
        case Malformed():
            return same
        case Unsupported():
            return same and here
        case EngineCrashed() as crash if crash.for_memory:
            return False
        case EngineCrashed() | OtherFailure():
            return same and here and device_of(failed.candidate.placement) == device
        case OutOfMemory():
            return False


def _same_files(one: Artifact, other: Artifact) -> bool:
    """Return whether two artifacts have a file in common."""
    mine = {(file.path, file.size) for file in one.files}
    theirs = {(file.path, file.size) for file in other.files}
    return one.source == other.source and not mine.isdisjoint(theirs)


def _essence(candidate: Candidate) -> tuple[object, ...]:
    settings = evolve(candidate.settings, threads=1, batch_threads=1)
    return (candidate.artifact, candidate.backend, candidate.placement, settings)


def _lowered(machine: Machine, pool: str, needed: int) -> Machine:
    most = needed - needed // _RELIEF - 1
    accelerators = tuple(
        _with_less(found, most) if pool == found.device else found for found in machine.accelerators
    )
    accelerator = machine.accelerator(pool)
    shared = accelerator is not None and accelerator.unified
    free = machine.memory_free
    if pool == MAIN_MEMORY or shared:
        free = min(free, _free_for(machine.memory_total, most))
    return evolve(machine, memory_free=free, accelerators=accelerators)


def _with_less(accelerator: Accelerator, most: int) -> Accelerator:
    free = accelerator.memory_total if accelerator.memory_free is None else accelerator.memory_free
    least = min(free, _free_for(accelerator.memory_total, most))
    return evolve(accelerator, memory_free=least)


def _free_for(total: int, most: int) -> int:
    """Return the free bytes of a pool with which no more than `most` may be used."""
    return free_for(total, most + 1) - 1 if most > 0 else 0
