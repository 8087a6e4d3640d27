"""How the weights of a directory were rounded, and how many there are."""

from collections import Counter
from collections.abc import Sequence

from attrs import frozen

from lmrt.adapters.safetensors.documents import Settings
from lmrt.adapters.safetensors.header import DTYPE_BITS, Tensor
from lmrt.domain.config import Dtype
from lmrt.domain.models import ArtifactFormat, Quantization

_PACKED = frozenset({"I32", "U32", "U8"})
_PACKED_SUFFIXES = (".weight", ".qweight", ".weight_packed", "_blocks")
_SIDE_SUFFIXES = (
    ".scales", ".biases", ".qzeros", ".g_idx", ".weight_scale", ".weight_scale_inv",
    ".weight_zero_point", ".weight_shape", ".input_scale", ".absmax", ".nested_absmax",
    ".quant_map", ".nested_quant_map", "_scales",
)  # fmt: skip
"""Tensors that belong to the rounding of others and are no weights themselves."""
_FLOATS = {"F32": Dtype.F32, "F16": Dtype.F16, "BF16": Dtype.BF16}
_NAMES = {"F8_E4M3": "FP8", "F8_E5M2": "FP8", "F4": "FP4", "U8": "INT8", "I8": "INT8"}


@frozen
class Rounding:
    """What the configuration says of the rounding.

    Attributes:
        method: Who did it: `mlx`, `gptq`, `awq`, …; None for nobody.
        bits: Bits of a packed weight, None where they are not packed.
        modules: MLX: bits of modules that differ.
    """

    method: str | None = None
    bits: int | None = None
    modules: tuple[tuple[str, int], ...] = ()

    @property
    def format(self) -> ArtifactFormat:
        """The artifact's format: MLX rounds in a way of its own."""
        return ArtifactFormat.MLX if self.method == "mlx" else ArtifactFormat.SAFETENSORS


def rounding(config: Settings) -> Rounding:
    """Return what a `config.json` says of the rounding.

    Raises:
        LoadFailed: Its values are of the wrong kind (`malformed-file`).
    """
    mlx = config.table("quantization")
    if mlx is not None and (bits := mlx.count("bits")) and mlx.count("group_size"):
        modules = [name for name, value in mlx.values.items() if isinstance(value, dict)]
        own = ((name, (mlx.table(name) or mlx).count("bits")) for name in modules)
        return Rounding("mlx", bits, tuple((name, count) for name, count in own if count))
    other = config.table("quantization_config", "compression_config")
    if other is None:
        return Rounding()
    bits = other.count("bits", "w_bit")
    if bits is None and other.truth("load_in_4bit", "_load_in_4bit"):
        bits = 4
    method = (other.text("quant_method") or "quantized").lower()
    if bits is None and method == "mxfp4":
        bits = 4
    return Rounding(method, bits)


def quantization(found: Rounding, tensors: Sequence[Tensor]) -> tuple[Quantization, int]:
    """Return how the weights were rounded, and their number.

    Args:
        found: What the configuration says.
        tensors: All tensors, at least one with elements.
    """
    modules = dict(found.modules)
    parameters = 0
    sizes: Counter[str] = Counter()
    for tensor in tensors:
        sizes[tensor.dtype] += tensor.size
        parameters += _weights_in(tensor, found, modules)
    stored = 8 * sum(sizes.values())
    dominating = sizes.most_common(1)[0][0]
    name = _NAMES.get(dominating, dominating)
    if found.method == "mlx":
        name = f"{found.bits}-bit"
    elif found.method == "mxfp4":
        name = "MXFP4"
    elif found.method is not None and found.bits is not None and dominating in _PACKED:
        name = f"{found.method.upper()}-{found.bits}bit"
    bits = stored / parameters if parameters else float(DTYPE_BITS[dominating])
    return Quantization(name, bits, found.method), parameters


def float_type(tensors: Sequence[Tensor]) -> Dtype | None:
    """Return the type of most floating-point weights, or None where there are none of a plain type.

    Of rounded weights it is the type of their scales, which is the one they are computed in.
    """
    sizes: Counter[str] = Counter()
    for tensor in tensors:
        if tensor.dtype in _FLOATS:
            sizes[tensor.dtype] += tensor.size
    return _FLOATS[sizes.most_common(1)[0][0]] if sizes else None


def _weights_in(tensor: Tensor, found: Rounding, modules: dict[str, int]) -> int:
    if found.method is None:
        return tensor.elements
    if tensor.name.endswith(_SIDE_SUFFIXES):
        return 0
    if tensor.dtype in _PACKED and tensor.name.endswith(_PACKED_SUFFIXES):
        bits = modules.get(tensor.name.rpartition(".")[0], found.bits)
        if bits:
            return 8 * tensor.size // bits
    return tensor.elements
