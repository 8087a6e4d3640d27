"""The engine's devices by our names."""

import torch

from lmrt.adapters.torch import errors
from lmrt.domain.plans import OnCpu, Placement, device_of


def engine_device(placement: Placement) -> torch.device:
    """Return the device that a placement is on.

    Raises:
        LoadFailed: The engine does not see it (`engine-load-failed`).
    """
    if isinstance(placement, OnCpu):
        return torch.device("cpu")
    name = device_of(placement)
    seen = visible_devices()
    if name not in seen:
        raise errors.device_missing(name, seen)
    return torch.device("mps" if name == "metal" else name)


def visible_devices() -> tuple[str, ...]:
    """Return our names of the devices that the engine sees, the CPU last."""
    found = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("metal")
    return (*found, "cpu")


def empty_cache(device: torch.device) -> None:
    """Give memory that the engine holds for later back to the device."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()
