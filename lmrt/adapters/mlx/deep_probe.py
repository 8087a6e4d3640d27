"""What the engine itself tells; its import may end the process, so this is for one of its own."""

import os

from attrs import evolve

from lmrt.adapters.mlx import engine
from lmrt.adapters.mlx.installation import find_installation
from lmrt.adapters.mlx.probe import REPAIR, available, checked, devices_of, unavailable
from lmrt.domain.errors import LoadFailed
from lmrt.domain.libraries import HEAD, runs_on
from lmrt.domain.probes import BackendProbe, Unavailable, UnavailableReason


def deep_probe() -> BackendProbe:
    """Import the engine and return what it tells of itself."""
    system = os.uname()

    def gone(reason: UnavailableReason, message: str) -> BackendProbe:
        trouble = Unavailable(reason, message, REPAIR)
        return unavailable(trouble, system.sysname, system.machine)

    usable = checked(find_installation(), system.sysname, system.machine)
    if isinstance(usable, Unavailable):
        return unavailable(usable, system.sysname, system.machine)
    library = usable.library
    if library is not None:
        with library.open("rb") as file:
            if not runs_on(file.read(HEAD), system.machine):
                message = f"`{library.name}` is not for {system.machine}"
                return gone(UnavailableReason.WRONG_ARCHITECTURE, message)
    try:
        found = engine.api()
    except LoadFailed as error:
        message = f"the engine cannot be imported: {error.note or error.message}"
        return gone(UnavailableReason.BROKEN, message)
    names = _computing(found)
    known = devices_of(system.sysname, system.machine)
    probe = available(usable, tuple(each for each in known if each.device in names))
    details = (
        ("engine", found.version),
        *((f"device {name}", str(value)) for name, value in found.core.device_info().items()),
    )
    return evolve(probe, details=(*probe.details, *details))


def _computing(found: engine.Engine) -> tuple[str, ...]:
    """Return our names of the devices that the engine has, once one has computed something."""
    core = found.core
    metal = bool(core.metal.is_available())
    # The smallest computation there is, since a library of another machine only fails here
    with core.stream(core.gpu if metal else core.cpu):
        core.eval(core.ones((2, 2)) @ core.ones((2, 2)))
    return ("metal", "cpu") if metal else ("cpu",)
