"""What torch can do here, as package metadata and file names tell."""

import os
from pathlib import Path

from attrs import evolve

from lmrt.adapters.torch import offers
from lmrt.adapters.torch.architectures import TESTED_VERSION, TEXT_ARCHITECTURES
from lmrt.adapters.torch.cuda import capabilities, count_gpus
from lmrt.adapters.torch.installation import (
    ACCELERATE,
    TORCH,
    TRANSFORMERS,
    Installation,
    Version,
    find_installation,
    numbers,
)
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

BACKEND = "torch"
_NEEDED: dict[str, tuple[Version, Version]] = {
    TORCH: ((2, 13), (3, 0)),
    TRANSFORMERS: ((5, 23), (6, 0)),
    ACCELERATE: ((1, 15), (2, 0)),
}
"""The oldest version of each package, and the first that is too new."""

_INSTALL = "pip install 'lmrt[torch]'"
_UPGRADE = "pip install --upgrade 'lmrt[torch]'"
REPAIR = "pip install --force-reinstall 'lmrt[torch]'"

# Resident memory that the import and a first load add, weights and caches left out: 350 MB measured
# on Linux; a GPU's context and its kernels are a typical figure, not measured.
_OVERHEAD, _DEVICE_OVERHEAD = 368 << 20, 640 << 20
# What kernels read well.
_CONTEXT_ROUNDING = 64
_MAX_SEQUENCES = 16
_KV_TYPES = (KvType.F32, KvType.BF16, KvType.F16)
_FORMATS = frozenset({ArtifactFormat.SAFETENSORS, ArtifactFormat.PICKLE})


def shallow_probe() -> BackendProbe:
    """Return what package metadata and file names tell, in milliseconds."""
    found = find_installation()
    return probe_of(found, offered_devices(found))


def probe_of(found: Installation, devices: tuple[BackendDevice, ...]) -> BackendProbe:
    """Return the probe of an installation.

    Args:
        found: What is installed.
        devices: What it can use here.
    """
    trouble = trouble_of(found)
    if trouble is not None:
        return unavailable(trouble, devices)
    return available(found, devices)


def offered_devices(found: Installation) -> tuple[BackendDevice, ...]:
    """Return the devices that an installation can use here, the best first."""
    system = os.uname()
    gpus = count_gpus(Path("/dev")) if found.cuda else 0
    metal = (system.sysname, system.machine) == ("Darwin", "arm64")
    return (
        *offers.cuda_devices(capabilities(gpus)),
        *((offers.metal_device(),) if metal else ()),
        offers.cpu_device(offers.cpu_flags(Path("/proc/cpuinfo"))),
    )


def trouble_of(found: Installation) -> Unavailable | None:
    """Return why an installation cannot be used, or None."""
    versions = {
        TORCH: found.torch,
        TRANSFORMERS: found.transformers,
        ACCELERATE: found.accelerate,
    }
    missing = [name for name, version in versions.items() if version is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        message = f"{' and '.join(missing)} {verb} not installed"
        return Unavailable(UnavailableReason.NOT_INSTALLED, message, _INSTALL)
    for name, version in versions.items():
        known = numbers(version or "")
        oldest, too_new = _NEEDED[name]
        if known is not None and not oldest <= known < too_new:
            wanted = f"{_dotted(oldest)} or newer, below {_dotted(too_new)}"
            message = f"{name} {version} is installed, {wanted} is needed"
            return Unavailable(UnavailableReason.UNSUPPORTED_VERSION, message, _UPGRADE)
    return None


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))


def available(found: Installation, devices: tuple[BackendDevice, ...]) -> BackendProbe:
    """Return the probe of an installation with the devices that it can use."""
    known = numbers(found.transformers or "")
    newer = known is None or known > TESTED_VERSION
    return evolve(
        _abilities(Available(str(found.torch)), devices),
        architectures=None if newer else TEXT_ARCHITECTURES,
        details=(
            ("package", f"{TORCH} {found.torch}"),
            ("models", f"{TRANSFORMERS} {found.transformers}"),
        ),
    )


def _abilities(availability: Availability, devices: tuple[BackendDevice, ...]) -> BackendProbe:
    accelerated = any(device.kind is not DeviceKind.CPU for device in devices)
    several = sum(device.kind is DeviceKind.CUDA for device in devices) > 1
    features = {Feature.FLASH_ATTENTION, Feature.LOGPROBS}
    return BackendProbe(
        backend=BACKEND,
        availability=availability,
        devices=devices,
        formats=_FORMATS,
        features=frozenset(features | ({Feature.SEVERAL_DEVICES} if several else set())),
        kv_types=_KV_TYPES,
        context_rounding=_CONTEXT_ROUNDING,
        overhead=_OVERHEAD,
        device_overhead=_DEVICE_OVERHEAD if accelerated else 0,
        max_sequences=_MAX_SEQUENCES,
        kv_follows_weights=True,
        whole_windows=True,
    )


def unavailable(trouble: Unavailable, devices: tuple[BackendDevice, ...]) -> BackendProbe:
    """Return what the engine could do here once its packages are there."""
    return evolve(_abilities(trouble, devices), architectures=TEXT_ARCHITECTURES)
