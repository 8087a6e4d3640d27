"""The first context length, KV cache type and placement of a combination that fit into memory."""

from collections.abc import Iterator

from attrs import frozen

from lmrt.domain.config import KvType
from lmrt.domain.machine import DeviceKind
from lmrt.domain.planning.combinations import Combination, usable_device
from lmrt.domain.planning.context import context_ladder
from lmrt.domain.planning.kv_types import KvChoice, kv_choice
from lmrt.domain.planning.memory import Load
from lmrt.domain.planning.offload import Placed, place
from lmrt.domain.planning.pools import pools
from lmrt.domain.planning.query import Query
from lmrt.domain.planning.screening import screen
from lmrt.domain.planning.settings import cache_settings, execution_settings
from lmrt.domain.planning.specialization import specialization
from lmrt.domain.planning.speed import bytes_read, speed
from lmrt.domain.planning.weights import size_up
from lmrt.domain.plans import Candidate
from lmrt.domain.probes import BackendDevice
from lmrt.domain.rejections import (
    ContextExceeded,
    FeatureMissing,
    ModalityUnsupported,
    PinnedElsewhere,
    Rejection,
    RemoteCodeRequired,
    UnsafeFormat,
)

_ESTIMABLE = (
    PinnedElsewhere,
    ContextExceeded,
    ModalityUnsupported,
    FeatureMissing,
    RemoteCodeRequired,
    UnsafeFormat,
)
"""Reasons that leave an estimate meaningful: the backend could load the artifact as such."""


@frozen
class Fits:
    """The combination can run.

    Attributes:
        combination: What it is.
        candidate: How it runs.
        context: The rung of the context ladder that it reaches, before rounding.
        default_kv_type: The KV cache type that it would have with more memory.
    """

    combination: Combination
    candidate: Candidate
    context: int
    default_kv_type: KvType


@frozen
class Fails:
    """The combination cannot run; `candidate` is the attempt that came closest, if any."""

    combination: Combination
    rejections: tuple[Rejection, ...]
    candidate: Candidate | None


Assessment = Fits | Fails


def assess(query: Query, combination: Combination) -> Assessment:
    """Return whether a combination can run, independently of every other."""
    rejections = screen(query, combination)
    device = usable_device(query, combination)
    choice = kv_choice(query, combination.probe)
    estimable = all(isinstance(rejection, _ESTIMABLE) for rejection in rejections)
    if not estimable or device is None or choice.default is None:
        return Fails(combination, rejections, None)
    for context, kv_type in _attempts(query, choice, choice.default):
        candidate, placed = _attempt(query, combination, device, context, kv_type)
        if not placed.shortages:
            break
    rejections = (*rejections, *placed.shortages)
    if rejections:
        return Fails(combination, rejections, candidate)
    return Fits(combination, candidate, context, choice.default)


def _attempts(query: Query, choice: KvChoice, default: KvType) -> Iterator[tuple[int, KvType]]:
    ladder = context_ladder(query.request, query.model)
    for context in ladder:
        yield context, default
    for kv_type in choice.smaller:
        yield ladder[-1], kv_type


def _attempt(
    query: Query, combination: Combination, device: BackendDevice, context: int, kv_type: KvType
) -> tuple[Candidate, Placed]:
    artifact, probe, machine = combination.artifact, combination.probe, query.machine
    on_cpu = device.kind is DeviceKind.CPU
    accelerator = None if on_cpu else machine.accelerator(device.device)
    sizing = size_up(artifact, query.model.shape)
    cache = cache_settings(probe, context, kv_type, on_cpu=on_cpu)
    load = Load(query.model.shape, query.kinds, sizing, cache, probe, accelerator)
    placed = place(load, pools(machine, accelerator, query.request.memory_budget))
    read = bytes_read(sizing, placed.placement)
    candidate = Candidate(
        artifact=artifact.id,
        backend=probe.backend,
        placement=placed.placement,
        specialization=specialization(placed.placement, device.kind, len(sizing.layers)),
        settings=execution_settings(cache, read.host, machine.processor.physical_cores),
        memory=placed.memory,
        speed=speed(read, device, probe, machine, accelerator),
    )
    return candidate, placed
