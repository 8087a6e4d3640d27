"""What the backends' probes tell of installations that are not here."""

from collections.abc import Sequence

from attrs import evolve

from lmrt.adapters.llama_cpp import probe as llama_cpp
from lmrt.adapters.llama_cpp.efficiency import backend_device
from lmrt.adapters.llama_cpp.installation import find_installation as find_llama_cpp
from lmrt.adapters.mlx import probe as mlx
from lmrt.adapters.mlx.installation import find_installation as find_mlx
from lmrt.adapters.torch import offers
from lmrt.adapters.torch import probe as torch
from lmrt.adapters.torch.installation import Installation as Torch
from lmrt.adapters.torch.installation import find_installation as find_torch
from lmrt.domain.machine import DeviceKind
from lmrt.domain.probes import BackendDevice, BackendProbe

_PLACES = frozenset({"libraries"})
"""Facts that name a folder of the machine."""


def llama_cpp_probe(build: str | None, cards: int) -> BackendProbe:
    """Return llama.cpp's probe.

    Args:
        build: What it was built for beside the CPU: `cpu`, `cuda`, `metal`; None for no llama.cpp.
        cards: NVIDIA cards of the machine.
    """
    found = find_llama_cpp()
    if build is None or found is None:
        return llama_cpp.probe_of(None)
    devices = {
        "cuda": [(f"cuda:{number}", DeviceKind.CUDA) for number in range(cards)],
        "metal": [("metal", DeviceKind.METAL)],
    }.get(build, [])
    offered = tuple(backend_device(*each) for each in (*devices, ("cpu", DeviceKind.CPU)))
    return placeless(llama_cpp.available(found, offered))


def mlx_probe(build: str | None, system: str, processor: str, *, torch: bool) -> BackendProbe:
    """Return MLX's probe; None for no MLX."""
    found = find_mlx()
    if build is None or found is None:
        return mlx.probe_of(None, system, processor)
    return placeless(mlx.probe_of(evolve(found, torch=torch), system, processor))


def torch_probe(build: str | None, capabilities: Sequence[tuple[int, int]]) -> BackendProbe:
    """Return torch's probe.

    Args:
        build: `cpu`, `cuda` or `metal`; None for no torch.
        capabilities: Of the machine's NVIDIA cards.
    """
    here = find_torch()
    cpu = offers.cpu_device(frozenset())
    if build is None:
        return torch.probe_of(Torch(None, None, None), (cpu,))
    version = (here.torch or "").partition("+")[0]
    found = Torch(version, here.transformers, here.accelerate, cuda=build == "cuda")
    devices: dict[str, tuple[BackendDevice, ...]] = {
        "cuda": offers.cuda_devices(capabilities),
        "metal": (offers.metal_device(),),
    }
    return placeless(torch.probe_of(found, (*devices.get(build, ()), cpu)))


def placeless(probe: BackendProbe) -> BackendProbe:
    """Return a probe without the folders that it names."""
    return evolve(probe, details=tuple(pair for pair in probe.details if pair[0] not in _PLACES))
