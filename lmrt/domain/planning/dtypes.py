"""Which data types the weights of a combination may be loaded as."""

from attrs import evolve, frozen

from lmrt.domain.config import Dtype
from lmrt.domain.models import Artifact, WeightBytes
from lmrt.domain.planning.query import Query
from lmrt.domain.probes import BackendDevice
from lmrt.domain.rejections import DtypeUnsupported, Rejection


@frozen
class DtypeChoice:
    """The data types of one artifact on one device.

    Attributes:
        default: The pinned type, else what the device computes well in; None keeps the weights as
            they are stored.
        computes: The type of activations, or None where the engine decides.
        smaller: Types to try where the default does not fit, the largest first; none with a pin.
        rejections: Why the pinned type is not possible.
    """

    default: Dtype | None
    computes: Dtype | None = None
    smaller: tuple[Dtype, ...] = ()
    rejections: tuple[Rejection, ...] = ()


def dtype_choice(query: Query, artifact: Artifact, device: BackendDevice | None) -> DtypeChoice:
    """Return the types that the request, the artifact and the device allow."""
    stored, pinned = stored_dtype(artifact), query.request.dtype
    if device is None:
        return DtypeChoice(None, stored)
    offered = (*device.dtypes, *device.other_dtypes)
    if not offered or stored is None or artifact.quantization.method:
        return _as_stored(artifact, stored, pinned)
    usual = stored if stored in device.dtypes else next(iter(device.dtypes), None)
    computes = usual or stored
    if pinned is None:
        bits = computes.bits
        smaller = (each for each in device.other_dtypes if each.rounded and each.bits < bits)
        return DtypeChoice(usual, computes, tuple(sorted(smaller, key=_bits, reverse=True)))
    if pinned not in offered:
        names = tuple(str(each) for each in offered)
        return DtypeChoice(usual, computes, rejections=(DtypeUnsupported(str(pinned), names),))
    return DtypeChoice(pinned, computes if pinned.rounded else pinned)


def stored_dtype(artifact: Artifact) -> Dtype | None:
    """Return the plain data type that the weights are stored as, or None where they are rounded."""
    name = artifact.quantization.name.lower()
    return artifact.dtype or (Dtype(name) if name in ("f32", "f16", "bf16") else None)


def loaded_artifact(artifact: Artifact, dtype: Dtype | None, computes: Dtype | None) -> Artifact:
    """Return the artifact with the sizes that its weights have once they are loaded.

    Rounding to integers is for the matrices of the layers; embeddings and the head keep the type
    that is computed in.
    """
    if dtype is None:
        return artifact
    bits = artifact.quantization.bits_per_weight or dtype.bits
    layer, rest = dtype.bits / bits, (computes or dtype).bits / bits
    stored = artifact.weights
    weights = WeightBytes(
        layers=tuple(int(size * layer) for size in stored.layers),
        input=int(stored.input * rest),
        output=int(stored.output * rest),
        other=int(stored.other * rest),
    )
    quantization = evolve(artifact.quantization, bits_per_weight=dtype.bits)
    return evolve(artifact, weights=weights, quantization=quantization)


def _as_stored(artifact: Artifact, stored: Dtype | None, pinned: Dtype | None) -> DtypeChoice:
    # What is told of weights that are rounded in a directory is their scales' type.
    kept = None if artifact.quantization.method else stored
    if pinned is None or pinned is kept:
        return DtypeChoice(None, stored)
    name = artifact.quantization.name.lower()
    return DtypeChoice(None, stored, rejections=(DtypeUnsupported(str(pinned), (name,)),))


def _bits(dtype: Dtype) -> float:
    return dtype.bits
