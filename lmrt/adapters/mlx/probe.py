"""What MLX can do here, as package metadata and file names tell."""

import os

from attrs import evolve

from lmrt.adapters.mlx.architectures import architecture_names
from lmrt.adapters.mlx.efficiency import CPU, METAL
from lmrt.adapters.mlx.installation import DISTRIBUTION, Installation, find_installation
from lmrt.adapters.mlx.windows import MIXED_WITHOUT_WINDOW
from lmrt.domain.config import KvType
from lmrt.domain.machine import DeviceKind
from lmrt.domain.models import ArtifactFormat
from lmrt.domain.probes import (
    Availability,
    Available,
    BackendDevice,
    BackendProbe,
    Feature,
    Unavailable,
    UnavailableReason,
)

BACKEND = "mlx"
_OLDEST, _TOO_NEW = (0, 32, 2), (0, 33, 0)
_INSTALL = "pip install 'lmrt[mlx]'"
_UPGRADE = "pip install --upgrade 'lmrt[mlx]'"
REPAIR = "pip install --force-reinstall 'lmrt[mlx]'"

# Resident memory that the import and a first load add, weights and caches left out: 61 MB measured
# on Linux, and 249 MB where torch is installed too, which transformers then imports. The GPU's
# context and its kernels are a typical figure, not measured.
_OVERHEAD, _OVERHEAD_WITH_TORCH, _DEVICE_OVERHEAD = 80 << 20, 272 << 20, 256 << 20
# Caches grow by so many tokens.
_CONTEXT_ROUNDING = 256
_MAX_SEQUENCES = 4
_KV_TYPES = (KvType.F16, KvType.BF16, KvType.F32, KvType.Q8_0, KvType.Q4_0)


def shallow_probe() -> BackendProbe:
    """Return what package metadata and file names tell, in milliseconds."""
    system = os.uname()
    return probe_of(find_installation(), system.sysname, system.machine)


def probe_of(found: Installation | None, system: str, processor: str) -> BackendProbe:
    """Return the probe of an installation.

    Args:
        found: What is installed, None being nothing.
        system: `Linux` or `Darwin`.
        processor: `x86_64`, `aarch64` or `arm64`.
    """
    match checked(found, system, processor):
        case Unavailable() as trouble:
            return unavailable(trouble, system, processor)
        case Installation() as usable:
            return available(usable, devices_of(system, processor))


def devices_of(system: str, processor: str) -> tuple[BackendDevice, ...]:
    """Return the devices that MLX has on a kind of machine, the best first."""
    if system != "Darwin":
        return (CPU,)
    return (METAL, CPU) if processor == "arm64" else ()


def checked(found: Installation | None, system: str, processor: str) -> Installation | Unavailable:
    """Return the installation if it can be used, else why it cannot; see `probe_of`."""
    if not devices_of(system, processor):
        message = "MLX runs on Apple chips and on Linux, not on Macs with Intel processors"
        return Unavailable(UnavailableReason.NOT_INSTALLED, message, None)
    if found is None:
        message = f"{DISTRIBUTION} is not installed"
        return Unavailable(UnavailableReason.NOT_INSTALLED, message, _INSTALL)
    numbers = found.numbers
    if numbers is not None and not _OLDEST <= numbers < _TOO_NEW:
        wanted = f"{_dotted(_OLDEST)} or newer, below {_dotted(_TOO_NEW)}"
        message = f"{DISTRIBUTION} {found.version} is installed, {wanted} is needed"
        return Unavailable(UnavailableReason.UNSUPPORTED_VERSION, message, _UPGRADE)
    if not found.has_library:
        message = f"{DISTRIBUTION} {found.version} is installed, but MLX's library `libmlx` is not"
        return Unavailable(UnavailableReason.BROKEN, message, REPAIR)
    return found


def _dotted(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))


def available(found: Installation, devices: tuple[BackendDevice, ...]) -> BackendProbe:
    """Return the probe of an installation with the devices that it can use."""
    return evolve(
        _abilities(Available(found.version), devices),
        architectures=architecture_names(found.package),
        overhead=_OVERHEAD_WITH_TORCH if found.torch else _OVERHEAD,
        details=(("package", f"{DISTRIBUTION} {found.version}"),),
    )


def _abilities(availability: Availability, devices: tuple[BackendDevice, ...]) -> BackendProbe:
    on_gpu = any(device.kind is not DeviceKind.CPU for device in devices)
    # On the CPU the engine writes all scores out
    fused = {Feature.FLASH_ATTENTION} if on_gpu else set()
    return BackendProbe(
        backend=BACKEND,
        availability=availability,
        devices=devices,
        formats=_FORMATS,
        features=frozenset({Feature.LOGPROBS} | fused),
        kv_types=_KV_TYPES,
        context_rounding=_CONTEXT_ROUNDING,
        overhead=_OVERHEAD,
        device_overhead=_DEVICE_OVERHEAD if on_gpu else 0,
        methods=frozenset({"mlx"}),
        max_sequences=_MAX_SEQUENCES,
        kv_follows_weights=True,
        rounded_kv_sequences=1,
        rounded_kv_unfused=True,
        windowless=MIXED_WITHOUT_WINDOW,
    )


def unavailable(trouble: Unavailable, system: str, processor: str) -> BackendProbe:
    """Return what the engine could do here once its package is there."""
    return _abilities(trouble, devices_of(system, processor))


_FORMATS = frozenset({ArtifactFormat.SAFETENSORS, ArtifactFormat.MLX})
