"""The engine's devices by our names, and which module of a model goes to which of them."""

from typing import Any

import torch
from attrs import frozen

from lmrt.adapters.torch import errors
from lmrt.domain.errors import LoadFailed
from lmrt.domain.plans import OnCpu, OnDevice, Placement, SplitLayers, SpreadLayers


@frozen
class Devices:
    """Where a model is.

    Attributes:
        main: What inputs go to and logits come from; all of the model unless it is spread.
        spread: Device and number of layers, in the order of the layers; empty for one device.
    """

    main: torch.device
    spread: tuple[tuple[torch.device, int], ...] = ()

    @property
    def several(self) -> bool:
        """Whether there is more than one."""
        return bool(self.spread)


def engine_devices(placement: Placement) -> Devices:
    """Return the devices of a placement.

    Raises:
        LoadFailed: The engine does not see one, or cannot share a model so
            (`engine-load-failed`).
    """
    match placement:
        case OnCpu():
            return Devices(torch.device("cpu"))
        case OnDevice(name):
            return Devices(_seen(name))
        case SpreadLayers(layers):
            spread = tuple((_seen(name), count) for name, count in layers)
            return Devices(spread[0][0], spread)
        case SplitLayers(name):
            raise LoadFailed(
                "torch does not share a model between the CPU and an accelerator",
                code="engine-load-failed",
                context={"device": name},
            )


def _seen(name: str) -> torch.device:
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


def module_devices(model: Any, devices: Devices) -> dict[str, torch.device]:
    """Return the device of each module of a model that is spread, as the engine wants it told.

    What comes before the layers goes to the first device, what comes after them to the last; so
    does the head, unless it is the token embedding.

    Args:
        model: The engine's, without data.
        devices: Where its layers go.
    """
    found: dict[str, torch.device] = {}
    first, last = devices.main, devices.spread[-1][0]
    layers = model.get_decoder().layers
    path = next(name for name, module in model.named_modules() if module is layers).split(".")
    for depth, name in enumerate(path):
        around = model.get_submodule(".".join(path[:depth]))
        device = first
        for child, module in around.named_children():
            if child == name:
                device = last
            elif any(True for _ in module.parameters()):
                found[".".join((*path[:depth], child))] = device
            else:
                # Rotary embeddings, whose output is every layer's input
                found[".".join((*path[:depth], child))] = first
    owners = [device for device, count in devices.spread for _ in range(count)]
    for number, device in zip(range(len(layers)), owners, strict=True):
        found[".".join((*path, str(number)))] = device
    if model.get_output_embeddings() is not None and model.config.tie_word_embeddings:
        found |= {
            name: first
            for name, module in model.named_modules()
            if module is model.get_output_embeddings()
        }
    return found


def empty_cache(devices: Devices) -> None:
    """Give memory that the engine holds for later back to the devices."""
    if devices.main.type == "cuda":
        torch.cuda.empty_cache()
    elif devices.main.type == "mps":
        torch.mps.empty_cache()
