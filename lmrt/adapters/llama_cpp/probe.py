"""What llama.cpp can do here, as package metadata and file names tell."""

from attrs import evolve

from lmrt.adapters.llama_cpp.architectures import TESTED_VERSION, TEXT_ARCHITECTURES
from lmrt.adapters.llama_cpp.cuda import count_cuda_devices
from lmrt.adapters.llama_cpp.efficiency import backend_device
from lmrt.adapters.llama_cpp.installation import DISTRIBUTION, Installation, find_installation
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

BACKEND = "llama.cpp"
_OLDEST, _TOO_NEW = (0, 3, 36), (0, 4, 0)
_INSTALL = "pip install 'lmrt[llama-cpp]'"
_UPGRADE = "pip install --upgrade 'lmrt[llama-cpp]'"
REBUILD = f"pip install --force-reinstall --no-cache-dir --no-binary {DISTRIBUTION} {DISTRIBUTION}"

# Resident memory that the import and a first load add, weights and caches left out: 32 MB measured
# on Linux; an accelerator's context and its kernels take several hundred (typical, not measured).
_OVERHEAD, _DEVICE_OVERHEAD = 48 << 20, 512 << 20
_CONTEXT_ROUNDING = 256
_MAX_SEQUENCES = 4
_KV_TYPES = (KvType.F16, KvType.Q8_0, KvType.Q4_0, KvType.F32)


def shallow_probe() -> BackendProbe:
    """Return what package metadata and file names tell, in milliseconds."""
    return probe_of(find_installation())


def probe_of(found: Installation | None) -> BackendProbe:
    """Return the probe of an installation, None being no installation."""
    match checked(found):
        case Unavailable() as trouble:
            return unavailable(trouble)
        case Installation() as usable:
            return available(usable, _compiled_devices(usable))


def checked(found: Installation | None) -> Installation | Unavailable:
    """Return the installation if it can be used, else why it cannot."""
    if found is None:
        message = f"{DISTRIBUTION} is not installed"
        return Unavailable(UnavailableReason.NOT_INSTALLED, message, _INSTALL)
    numbers = found.numbers
    if numbers is not None and not _OLDEST <= numbers < _TOO_NEW:
        wanted = f"{_dotted(_OLDEST)} or newer, below {_dotted(_TOO_NEW)}"
        message = f"{DISTRIBUTION} {found.version} is installed, {wanted} is needed"
        return Unavailable(UnavailableReason.UNSUPPORTED_VERSION, message, _UPGRADE)
    if not found.has_library("llama"):
        message = f"{DISTRIBUTION} {found.version} lacks its shared library `libllama`"
        return Unavailable(UnavailableReason.BROKEN, message, REBUILD)
    return found


def _dotted(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))


def _compiled_devices(found: Installation) -> tuple[BackendDevice, ...]:
    devices = []
    if found.has_library("ggml-cuda"):
        devices += [("cuda:" + str(n), DeviceKind.CUDA) for n in range(count_cuda_devices())]
    if found.has_library("ggml-metal"):
        devices.append(("metal", DeviceKind.METAL))
    devices.append(("cpu", DeviceKind.CPU))
    return tuple(backend_device(name, kind) for name, kind in devices)


def available(found: Installation, devices: tuple[BackendDevice, ...]) -> BackendProbe:
    """Return the probe of an installation with the devices that it can use."""
    newer = found.numbers is None or found.numbers > TESTED_VERSION
    return evolve(
        _abilities(Available(found.version), devices),
        architectures=None if newer else TEXT_ARCHITECTURES,
        details=(
            ("package", f"{DISTRIBUTION} {found.version}"),
            ("libraries", str(found.libraries)),
        ),
    )


def _abilities(availability: Availability, devices: tuple[BackendDevice, ...]) -> BackendProbe:
    accelerated = any(device.kind is not DeviceKind.CPU for device in devices)
    features = {Feature.FLASH_ATTENTION, Feature.LOGPROBS}
    return BackendProbe(
        backend=BACKEND,
        availability=availability,
        devices=devices,
        formats=frozenset({ArtifactFormat.GGUF}),
        features=frozenset(features | ({Feature.PARTIAL_OFFLOAD} if accelerated else set())),
        kv_types=_KV_TYPES,
        context_rounding=_CONTEXT_ROUNDING,
        overhead=_OVERHEAD,
        device_overhead=_DEVICE_OVERHEAD if accelerated else 0,
        max_sequences=_MAX_SEQUENCES,
        widest_values=True,
    )


def unavailable(trouble: Unavailable) -> BackendProbe:
    """Return what the engine could do here once its package is there, with the CPU alone."""
    device = backend_device("cpu", DeviceKind.CPU)
    return evolve(_abilities(trouble, (device,)), architectures=TEXT_ARCHITECTURES)
