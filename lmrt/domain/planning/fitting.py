"""The first context length, KV cache type and placement of a combination that fit into memory."""

from collections.abc import Iterator

from attrs import evolve, frozen

from lmrt.domain.config import Dtype, KvType
from lmrt.domain.machine import Accelerator, DeviceKind
from lmrt.domain.planning.combinations import Combination
from lmrt.domain.planning.compute import buffer_bytes
from lmrt.domain.planning.context import context_ladder
from lmrt.domain.planning.dtypes import DtypeChoice, loaded_artifact
from lmrt.domain.planning.failed import repeats
from lmrt.domain.planning.gangs import joined, members
from lmrt.domain.planning.kv_types import KvChoice
from lmrt.domain.planning.memory import Load
from lmrt.domain.planning.offload import Placed, place
from lmrt.domain.planning.pools import pools
from lmrt.domain.planning.query import Query
from lmrt.domain.planning.screening import screen
from lmrt.domain.planning.settings import cache_settings, execution_settings
from lmrt.domain.planning.specialization import specialization
from lmrt.domain.planning.speed import speed
from lmrt.domain.planning.weights import size_up
from lmrt.domain.planning.windows import within_window
from lmrt.domain.planning.work import bytes_read
from lmrt.domain.plans import Candidate, SpeedEstimate
from lmrt.domain.probes import BackendDevice
from lmrt.domain.rejections import (
    ContextExceeded,
    FailedBefore,
    FeatureMissing,
    ModalityUnsupported,
    PinnedElsewhere,
    Rejection,
    RemoteCodeRequired,
    UnsafeFormat,
    WindowUnsupported,
)

_ESTIMABLE = (
    PinnedElsewhere,
    ContextExceeded,
    WindowUnsupported,
    ModalityUnsupported,
    FeatureMissing,
    RemoteCodeRequired,
    UnsafeFormat,
    FailedBefore,
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
        default_dtype: The data type that its weights would have with more memory.
    """

    combination: Combination
    candidate: Candidate
    context: int
    default_kv_type: KvType
    default_dtype: Dtype | None


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
    device, choice = combination.device, combination.kv_types
    estimable = all(isinstance(rejection, _ESTIMABLE) for rejection in rejections)
    if not estimable or device is None or choice.default is None:
        return Fails(combination, rejections, None)
    limits = pools(
        query.machine,
        _accelerator(query, device),
        query.request.memory_budget,
        members(query.machine, device.device),
    )
    ladder = within_window(context_ladder(query.request, query.model), query, combination)
    for dtype, context, kv_type in _attempts(ladder, combination.dtypes, choice, choice.default):
        load = _load(query, combination, device, dtype, context, kv_type)
        placed = place(load, limits)
        against: tuple[Rejection, ...] = placed.shortages
        if query.failed and not against:
            tried = _candidate(query, combination, device, dtype, load, placed)
            against = tuple(repeats(query.failed, tried))
        if not against:
            break
    candidate = _candidate(query, combination, device, dtype, load, placed)
    rejections = tuple(dict.fromkeys((*rejections, *against)))
    if rejections:
        return Fails(combination, rejections, candidate)
    return Fits(combination, candidate, context, choice.default, combination.dtypes.default)


def _attempts(
    ladder: tuple[int, ...], dtypes: DtypeChoice, choice: KvChoice, default: KvType
) -> Iterator[tuple[Dtype | None, int, KvType]]:
    """Yield what is given up in turn: context, the KV cache's type, then the weights' own."""
    for dtype in (dtypes.default, *dtypes.smaller):
        for context in ladder:
            yield dtype, context, default
        for kv_type in choice.smaller:
            yield dtype, ladder[-1], kv_type


def _load(
    query: Query,
    combination: Combination,
    device: BackendDevice,
    dtype: Dtype | None,
    context: int,
    kv_type: KvType,
) -> Load:
    shape, kinds, probe = query.model.shape, query.kinds, combination.offer.probe
    accelerator = _accelerator(query, device)
    loaded = loaded_artifact(combination.artifact, dtype, combination.dtypes.computes)
    sizing = size_up(loaded, shape)
    cache = cache_settings(probe, kinds, context, kv_type, on_cpu=accelerator is None)
    buffers = buffer_bytes(shape, kinds, sizing.feed_forward, cache)
    return Load(shape, kinds, sizing, cache, buffers, probe, accelerator)


def _candidate(
    query: Query,
    combination: Combination,
    device: BackendDevice,
    dtype: Dtype | None,
    load: Load,
    placed: Placed,
) -> Candidate:
    placement = placed.placement
    cores = query.machine.processor.physical_cores
    read = bytes_read(load, placement).host
    candidate = Candidate(
        artifact=combination.artifact.id,
        backend=load.probe.backend,
        placement=placement,
        specialization=specialization(placement, device.kind, len(load.sizing.layers)),
        settings=execution_settings(load.cache, read, cores, dtype, query.request.threads),
        memory=placed.memory,
        speed=SpeedEstimate(0.0, measured_bandwidth=False),
    )
    return evolve(candidate, speed=speed(query, combination.artifact, device, load, candidate))


def _accelerator(query: Query, device: BackendDevice) -> Accelerator | None:
    return None if device.kind is DeviceKind.CPU else joined(query.machine, device.device)
