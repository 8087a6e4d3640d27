"""What MLX could do here, from package metadata."""

from lmrt.adapters.mlx.installation import DISTRIBUTION
from lmrt.domain.config import KvType
from lmrt.domain.machine import DeviceKind
from lmrt.domain.models import ArtifactFormat
from lmrt.domain.probes import BackendDevice, BackendProbe, Unavailable, UnavailableReason

BACKEND = "mlx"
_INSTALL = "pip install 'lmrt[mlx]'"

# On x86-64 Linux, bfloat16 decoded at 0.08 of the memory's speed: its BLAS there is a reference
# one. The GPU's is a typical figure, not measured.
_CPU = BackendDevice("cpu", DeviceKind.CPU, 0.08)
_METAL = BackendDevice("metal", DeviceKind.METAL, 0.7)


def probe_of(version: str | None, system: str, architecture: str) -> BackendProbe:
    """Return the probe of an installation.

    Args:
        version: The version of mlx-lm, or None where it is not installed.
        system: `Linux` or `Darwin`.
        architecture: `x86_64`, `aarch64` or `arm64`.
    """
    return BackendProbe(
        backend=BACKEND,
        availability=_unavailable(version),
        devices=_devices(system, architecture),
        formats=frozenset({ArtifactFormat.SAFETENSORS, ArtifactFormat.MLX}),
        kv_types=(KvType.F16, KvType.F32),
        details=() if version is None else (("package", f"{DISTRIBUTION} {version}"),),
    )


def _unavailable(version: str | None) -> Unavailable:
    if version is None:
        message = f"{DISTRIBUTION} is not installed, and this version of lmrt only plans for it"
        return Unavailable(UnavailableReason.NOT_INSTALLED, message, _INSTALL)
    message = f"{DISTRIBUTION} {version} is installed, but this version of lmrt only plans for it"
    return Unavailable(UnavailableReason.NOT_IN_THIS_VERSION, message, None)


def _devices(system: str, architecture: str) -> tuple[BackendDevice, ...]:
    if system != "Darwin":
        return (_CPU,)
    return (_METAL, _CPU) if architecture == "arm64" else ()
