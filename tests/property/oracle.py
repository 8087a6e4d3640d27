"""Whether a rejection is true, told from the world alone: no code of the planner is used."""

from collections.abc import Iterable

from lmrt.domain.machine import Accelerator, DeviceKind
from lmrt.domain.models import (
    Artifact,
    ArtifactFormat,
    AttentionBesideState,
    FullAttention,
    LatentAttention,
    SlidingAttention,
)
from lmrt.domain.plans import Alternative
from lmrt.domain.probes import BackendProbe, Unavailable
from lmrt.domain.rejections import (
    ArchitectureUnsupported,
    BackendUnavailable,
    ContextExceeded,
    DeviceUnavailable,
    DtypeUnsupported,
    FeatureMissing,
    FormatUnsupported,
    KvTypeUnsupported,
    MemoryExceeded,
    ModalityUnsupported,
    PinnedElsewhere,
    Rejection,
    RemoteCodeRequired,
    UnsafeFormat,
    WindowUnsupported,
)
from tests.property.worlds import World

HALF_A_GIB = 2**29
BLOCKS = {"q8_0": 32, "q4_0": 32}
PLAIN_NAMES = {"f32", "f16", "bf16"}


def is_true(world: World, row: Alternative, rejection: Rejection) -> bool:
    """Return whether what a rejection says of a row is so."""
    artifact = next(one for one in world.model.artifacts if one.id == row.artifact)
    probe = next(one for one in world.probes if one.backend == row.backend)
    match rejection:
        case BackendUnavailable(reason, message, fix):
            return probe.availability == Unavailable(reason, message, fix)
        case FormatUnsupported():
            method = artifact.quantization.method
            return artifact.format not in probe.formats or (
                method is not None and method not in probe.methods
            )
        case ArchitectureUnsupported(architecture):
            known = probe.architectures
            return (
                architecture == artifact.architecture
                and known is not None
                and (architecture not in known)
            )
        case DeviceUnavailable(device):
            return device == row.device and not _usable(world, probe, device)
        case FeatureMissing() | KvTypeUnsupported() | DtypeUnsupported() | MemoryExceeded():
            return _is_true_of_settings(world, row, rejection, artifact, probe)
        case _:
            return _is_true_of_request(world, row, rejection, artifact, probe)


def _is_true_of_request(
    world: World, row: Alternative, rejection: Rejection, artifact: Artifact, probe: BackendProbe
) -> bool:
    asked = world.request
    match rejection:
        case ModalityUnsupported(modality, by):
            taken = probe.modalities if by == "backend" else world.model.modalities
            return modality in asked.modalities and modality not in taken
        case ContextExceeded(tokens, trained):
            return (tokens, trained) == (asked.context_length, world.model.trained_context) and (
                tokens > trained
            )
        case PinnedElsewhere("backend", pinned):
            return pinned == asked.backend and pinned != row.backend
        case PinnedElsewhere(_, pinned):
            return pinned == asked.device and pinned != row.device
        case UnsafeFormat():
            return artifact.format is ArtifactFormat.PICKLE and not asked.allow_unsafe_weights
        case RemoteCodeRequired(file):
            return file == artifact.remote_code and not asked.allow_remote_code
        case WindowUnsupported(tokens, window):
            windows = [one for one in world.model.shape.layers if isinstance(one, SlidingAttention)]
            return (
                artifact.architecture in probe.windowless
                and tokens == asked.context_length
                and window == min(one.window for one in windows)
                and tokens > window
                and len(windows) < len(world.model.shape.layers)
            )
        case _:
            raise AssertionError(f"the oracle does not know {rejection}")


def _is_true_of_settings(
    world: World, row: Alternative, rejection: Rejection, artifact: Artifact, probe: BackendProbe
) -> bool:
    asked = world.request
    match rejection:
        case FeatureMissing(feature):
            wanted = feature in asked.features
            for_rounded = feature == "flash-attention" and not probe.rounded_kv_unfused
            for_code = feature == "remote-code" and artifact.remote_code is not None
            return feature not in probe.features and (wanted or for_rounded or for_code)
        case KvTypeUnsupported(kv_type, supported):
            known = {each.value for each in probe.kv_types}
            follows = probe.kv_follows_weights and kv_type in PLAIN_NAMES
            return kv_type not in supported and (
                kv_type not in known or not _even(world, BLOCKS.get(kv_type, 1)) or follows
            )
        case DtypeUnsupported(dtype, supported):
            return dtype == asked.dtype and dtype not in supported
        case MemoryExceeded():
            return _is_short(world, row, rejection)
        case _:
            raise AssertionError(f"the oracle does not know {rejection}")


def _usable(world: World, probe: BackendProbe, name: str) -> bool:
    """Return whether the backend offers a device, or each card of a gang, that the machine has."""
    offered = {one.device: one.kind for one in probe.devices}
    here = {one.device for one in world.machine.accelerators}
    parts = name.split("+")
    if len(parts) > 1:
        joins = "several-devices" in probe.features
        return joins and all(part in offered and part in here for part in parts)
    return name in offered and (offered[name] is DeviceKind.CPU or name in here)


def _even(world: World, block: int) -> bool:
    """Return whether every row of the KV cache is whole blocks."""
    sizes: list[int] = []
    for layer in world.model.shape.layers:
        held = layer.attention if isinstance(layer, AttentionBesideState) else layer
        if isinstance(held, FullAttention | SlidingAttention):
            sizes += (held.key_size, held.value_size)
        elif isinstance(held, LatentAttention):
            sizes += (held.rank, held.rank + held.rope_size)
    return all(size % block == 0 for size in sizes)


def _is_short(world: World, row: Alternative, short: MemoryExceeded) -> bool:
    """Return whether the figures are those of the world and of the attempt, and one exceeds."""
    attempt = row.candidate
    if attempt is None or short.needed <= short.free:
        return False
    memory = attempt.memory
    everything = memory.weights + memory.kv_cache + memory.compute + memory.overhead
    if short.pool == "budget":
        return (short.needed, short.free) == (everything, world.request.memory_budget)
    if short.pool == "cpu":
        machine = world.machine
        free = _less_margin(machine.memory_total, machine.memory_free)
        return (short.needed, short.free) == (memory.host, free) and memory.host <= everything
    pool = [one for one in world.machine.accelerators if one.device in short.pool.split("+")]
    together = len(str(row.device).split("+")) > 1
    whole = short.needed == memory.device <= everything
    # Of a gang it is a card that is short, by its own share.
    fair = short.needed <= memory.device if together else whole
    return fair and short.free == _free_on(world, pool)


def _free_on(world: World, pool: Iterable[Accelerator]) -> int:
    total = 0
    for one in pool:
        free = one.memory_free
        if free is None:
            free = min(one.memory_total, world.machine.memory_free) if one.unified else None
        total += _less_margin(one.memory_total, one.memory_total if free is None else free)
    return total


def _less_margin(total: int, free: int) -> int:
    """Return what is left of a pool: less 5 % or 512 MiB, but at least half of what is free."""
    return max(free - max(total // 20, HALF_A_GIB), (free + 1) // 2)
