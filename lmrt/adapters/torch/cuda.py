"""Which NVIDIA GPUs the driver shows, and what they compute well in."""

from pathlib import Path

Capability = tuple[int, int]
"""NVIDIA's number for what a GPU can do: (8, 0) is Ampere."""


def count_gpus(devices: Path) -> int:
    """Return how many GPUs the driver shows as files, which are `nvidia0`, `nvidia1` and so on."""
    return sum(path.name[6:].isdigit() for path in devices.glob("nvidia*"))


def capabilities(count: int) -> tuple[Capability | None, ...]:
    """Return the capability of the first `count` GPUs, None where the driver does not tell."""
    if not count:
        return ()
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return (None,) * count
    try:
        return tuple(_capability(index) for index in range(count))
    finally:
        pynvml.nvmlShutdown()


def _capability(index: int) -> Capability | None:
    import pynvml

    try:
        handle = pynvml.nvmlDeviceGetHandleByIndex(index)
        major, minor = pynvml.nvmlDeviceGetCudaComputeCapability(handle)
    except pynvml.NVMLError:
        return None
    return int(major), int(minor)
