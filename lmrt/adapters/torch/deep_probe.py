"""What the engine itself tells; its import may end the process, so this is for one of its own."""

import os
from typing import Any

from attrs import evolve

from lmrt.adapters.torch import engine
from lmrt.adapters.torch.installation import find_installation
from lmrt.adapters.torch.probe import REPAIR, available, offered_devices, trouble_of, unavailable
from lmrt.domain.errors import LoadFailed
from lmrt.domain.libraries import HEAD, runs_on
from lmrt.domain.probes import BackendProbe, Unavailable, UnavailableReason


def deep_probe() -> BackendProbe:
    """Import the engine and return what it tells of itself."""
    found = find_installation()
    devices = offered_devices(found)
    trouble = trouble_of(found)
    machine = os.uname().machine
    if trouble is None and found.library is not None:
        with found.library.open("rb") as file:
            if not runs_on(file.read(HEAD), machine):
                message = f"`{found.library.name}` is not for {machine}"
                trouble = Unavailable(UnavailableReason.WRONG_ARCHITECTURE, message, REPAIR)
    if trouble is not None:
        return unavailable(trouble, devices)
    try:
        engine.transformers()
    except LoadFailed as error:
        message = f"the engine cannot be imported: {error.note or error.message}"
        return unavailable(Unavailable(UnavailableReason.BROKEN, message, REPAIR), devices)
    from lmrt.adapters.torch.devices import visible_devices

    names = visible_devices()
    probe = available(found, tuple(device for device in devices if device.device in names))
    details = (
        ("engine", engine.version()),
        *((f"device {name}", _label(name)) for name in names),
    )
    return evolve(probe, details=(*probe.details, *details))


def _label(name: str) -> str:
    """Return what there is to say of a device, once it has computed something."""
    import torch

    device: Any = torch.device("mps" if name == "metal" else name)
    # A library of another machine, or a driver that is too old, only fails here.
    (torch.ones(2, 2, device=device) @ torch.ones(2, 2, device=device)).sum().item()
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        title = torch.cuda.get_device_name(device)
        major, minor = torch.cuda.get_device_capability(device)
        return (
            f"{title}, compute capability {major}.{minor}, "
            f"{free >> 20:,} of {total >> 20:,} MiB free"
        )
    if device.type == "mps":
        return f"{torch.mps.recommended_max_memory() >> 20:,} MiB recommended at most"
    return f"{torch.backends.cpu.get_cpu_capability()}, {torch.get_num_threads()} threads"
