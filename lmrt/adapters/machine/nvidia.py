"""NVIDIA GPUs, by NVML."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from lmrt.adapters.machine.files import SystemFiles
from lmrt.adapters.machine.published import nvidia_arithmetic
from lmrt.domain.machine import Accelerator, DeviceKind

_SIGNS = ("dev/nvidiactl", "proc/driver/nvidia/version", "usr/lib/wsl/lib/libnvidia-ml.so.1")
"""Files of which a usable driver leaves at least one."""


def import_nvml() -> Any:
    """Return the module `pynvml`."""
    import pynvml

    return pynvml


def nvidia_gpus(files: SystemFiles, load_nvml: Callable[[], Any]) -> tuple[Accelerator, ...]:
    """Return the GPUs in NVML's order, or none where there is no sign of a driver."""
    if not any(files.exists(sign) for sign in _SIGNS):
        return ()
    try:
        nvml = load_nvml()
    except ImportError as error:
        files.findings.append(f"NVIDIA GPUs cannot be counted: {error}")
        return ()
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        files.findings.append(f"NVIDIA GPUs cannot be counted: {error}")
        return ()
    try:
        return tuple(_gpus(files, nvml))
    finally:
        with suppress(nvml.NVMLError):
            nvml.nvmlShutdown()


def _gpus(files: SystemFiles, nvml: Any) -> Iterator[Accelerator]:
    try:
        driver = _text(nvml.nvmlSystemGetDriverVersion())
        count = nvml.nvmlDeviceGetCount()
    except nvml.NVMLError as error:
        files.findings.append(f"NVIDIA GPUs cannot be counted: {error}")
        return
    for index in range(count):
        try:
            handle = nvml.nvmlDeviceGetHandleByIndex(index)
            memory = nvml.nvmlDeviceGetMemoryInfo(handle)
            name = _text(nvml.nvmlDeviceGetName(handle))
        except nvml.NVMLError as error:
            files.findings.append(f"`cuda:{index}` cannot be read: {error}")
            continue
        yield Accelerator(
            device=f"cuda:{index}",
            kind=DeviceKind.CUDA,
            name=name,
            memory_total=int(memory.total),
            memory_free=int(memory.free),
            driver=driver,
            memory_bandwidth=_bandwidth(nvml, handle),
            arithmetic=nvidia_arithmetic(name),
        )


def _bandwidth(nvml: Any, handle: Any) -> float | None:
    """Return the bytes a second that the memory moves, twice a cycle on every line of its bus."""
    try:
        cycles = nvml.nvmlDeviceGetMaxClockInfo(handle, nvml.NVML_CLOCK_MEM) * 1e6
        width = nvml.nvmlDeviceGetMemoryBusWidth(handle)
    except nvml.NVMLError:
        return None
    return float(2 * cycles * width / 8) or None


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
