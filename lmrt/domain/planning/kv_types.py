"""Which types the KV cache may take."""

from attrs import frozen

from lmrt.domain.config import Dtype, KvType
from lmrt.domain.models import (
    AttentionBesideState,
    FullAttention,
    LatentAttention,
    LayerShape,
    RecurrentState,
    SlidingAttention,
)
from lmrt.domain.planning.query import LayerKinds, Query
from lmrt.domain.probes import BackendProbe, Feature
from lmrt.domain.rejections import FeatureMissing, KvTypeUnsupported, Rejection


@frozen
class KvChoice:
    """The KV cache types of one backend for one model.

    Attributes:
        default: The pinned type, else the backend's first choice, or None where none is possible.
        smaller: Types to try where the default does not fit, the largest first; none with a pin.
        rejections: Why there is no default.
    """

    default: KvType | None
    smaller: tuple[KvType, ...] = ()
    rejections: tuple[Rejection, ...] = ()


def kv_choice(query: Query, probe: BackendProbe, computes: Dtype | None = None) -> KvChoice:
    """Return the types that the request, the backend and the model's heads allow.

    Args:
        query: What is planned.
        probe: The backend.
        computes: The type of activations, which the cache of some backends follows.
    """
    known = tuple(found for found in probe.kv_types if _follows(found, probe, computes))
    possible = tuple(
        kv_type for kv_type in known if _aligned(kv_type, query.kinds) and _fusable(kv_type, probe)
    )
    pinned = query.request.kv_type
    wanted = pinned if pinned is not None else next(iter(possible or known), KvType.F16)
    if wanted not in possible:
        return KvChoice(None, rejections=_against(wanted, known, possible, query, probe))
    if pinned is not None:
        return KvChoice(pinned)
    smaller = (kv_type for kv_type in possible if kv_type.bits < wanted.bits)
    return KvChoice(wanted, tuple(sorted(smaller, key=_bits, reverse=True)))


def _against(
    wanted: KvType,
    known: tuple[KvType, ...],
    possible: tuple[KvType, ...],
    query: Query,
    probe: BackendProbe,
) -> tuple[Rejection, ...]:
    found: list[Rejection] = []
    if wanted not in known or not _aligned(wanted, query.kinds):
        names = tuple(str(kv_type) for kv_type in possible)
        found.append(KvTypeUnsupported(str(wanted), names))
    if not _fusable(wanted, probe):
        found.append(FeatureMissing(str(Feature.FLASH_ATTENTION)))
    return tuple(found)


def _follows(kv_type: KvType, probe: BackendProbe, computes: Dtype | None) -> bool:
    """Return whether the backend can keep this type beside weights that compute in another."""
    if not probe.kv_follows_weights or computes is None or kv_type.block > 1:
        return True
    return kv_type.value == computes.value


def _fusable(kv_type: KvType, probe: BackendProbe) -> bool:
    # Most engines read rounded values only inside the fused attention kernel.
    fused = Feature.FLASH_ATTENTION in probe.features
    return kv_type.block == 1 or fused or probe.rounded_kv_unfused


def _aligned(kv_type: KvType, kinds: LayerKinds) -> bool:
    return all(size % kv_type.block == 0 for layer, _count in kinds for size in _row_sizes(layer))


def _row_sizes(layer: LayerShape) -> tuple[int, ...]:
    match layer:
        case FullAttention(_, key, value) | SlidingAttention(_, key, value, _):
            return (key, value)
        case LatentAttention(rank, rope):
            return (rank, rank + rope)
        case RecurrentState():
            return ()
        case AttentionBesideState(attention, _):
            return _row_sizes(attention)


def _bits(kv_type: KvType) -> float:
    return kv_type.bits
