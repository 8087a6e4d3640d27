"""What torch could do here, from package metadata and the driver's file names."""

from lmrt.adapters.torch.installation import DISTRIBUTION
from lmrt.domain.config import KvType
from lmrt.domain.machine import DeviceKind
from lmrt.domain.models import ArtifactFormat
from lmrt.domain.probes import BackendDevice, BackendProbe, Unavailable, UnavailableReason

BACKEND = "torch"
_INSTALL = "pip install 'lmrt[torch]'"

# On x86-64 Linux, float32 decoded at 0.4 of the memory's speed. The GPUs' is a typical figure,
# not measured.
_CPU_EFFICIENCY, _CUDA_EFFICIENCY = 0.4, 0.5


def probe_of(version: str | None, cuda_devices: int) -> BackendProbe:
    """Return the probe of an installation.

    Args:
        version: The version of torch, or None where it is not installed.
        cuda_devices: NVIDIA GPUs that the driver shows.
    """
    # Builds without CUDA say so behind the version's `+`
    gpus = 0 if version is not None and version.endswith("+cpu") else cuda_devices
    cuda = [
        BackendDevice(f"cuda:{index}", DeviceKind.CUDA, _CUDA_EFFICIENCY) for index in range(gpus)
    ]
    return BackendProbe(
        backend=BACKEND,
        availability=_unavailable(version),
        devices=(*cuda, BackendDevice("cpu", DeviceKind.CPU, _CPU_EFFICIENCY)),
        formats=frozenset({ArtifactFormat.SAFETENSORS}),
        kv_types=(KvType.F16, KvType.F32),
        details=() if version is None else (("package", f"{DISTRIBUTION} {version}"),),
    )


def _unavailable(version: str | None) -> Unavailable:
    if version is None:
        message = f"{DISTRIBUTION} is not installed, and this version of lmrt only plans for it"
        return Unavailable(UnavailableReason.NOT_INSTALLED, message, _INSTALL)
    message = f"{DISTRIBUTION} {version} is installed, but this version of lmrt only plans for it"
    return Unavailable(UnavailableReason.NOT_IN_THIS_VERSION, message, None)
