"""What the engine itself tells; its import may end the process, so this is for one of its own."""

import os
from collections.abc import Iterator, Sequence

from attrs import evolve

from lmrt.adapters.llama_cpp import engine
from lmrt.adapters.llama_cpp.devices import EngineDevice, engine_devices
from lmrt.adapters.llama_cpp.efficiency import backend_device
from lmrt.adapters.llama_cpp.installation import find_installation
from lmrt.adapters.llama_cpp.probe import REBUILD, available, checked, unavailable
from lmrt.domain.errors import LoadFailed
from lmrt.domain.libraries import HEAD, runs_on
from lmrt.domain.machine import DeviceKind
from lmrt.domain.probes import BackendDevice, BackendProbe, Unavailable, UnavailableReason


def deep_probe() -> BackendProbe:
    """Import the engine and return what it tells of itself."""
    usable = checked(find_installation())
    if isinstance(usable, Unavailable):
        return unavailable(usable)
    library = usable.library("llama")
    machine = os.uname().machine
    if library is not None:
        with library.open("rb") as file:
            if not runs_on(file.read(HEAD), machine):
                message = f"`{library.name}` is not for {machine}"
                reason = UnavailableReason.WRONG_ARCHITECTURE
                return unavailable(Unavailable(reason, message, REBUILD))
    try:
        api = engine.api()
    except LoadFailed as error:
        message = f"the engine cannot be imported: {error.note or error.message}"
        return unavailable(Unavailable(UnavailableReason.BROKEN, message, REBUILD))
    seen = engine_devices()
    probe = available(usable, tuple(_usable(seen)))
    system = api.llama_print_system_info().decode("utf-8", "replace").strip(" |")
    details = (
        ("engine", f"llama.cpp {api.llama_version().decode()}"),
        *(_told(device) for device in seen),
        ("system", system),
    )
    return evolve(probe, details=(*probe.details, *details))


def _usable(seen: Sequence[EngineDevice]) -> Iterator[BackendDevice]:
    """Yield the devices that we can plan for, accelerators first."""
    known = [(one.device, one.kind) for one in seen if one.device is not None]
    for name, kind in sorted(known, key=lambda one: one[1] is DeviceKind.CPU):
        if kind is not None:
            yield backend_device(name, kind)


def _told(device: EngineDevice) -> tuple[str, str]:
    free, total = device.memory_free >> 20, device.memory_total >> 20
    return f"device {device.name}", f"{device.description}, {free:,} of {total:,} MiB free"
