"""The devices that the engine sees, asked of ggml through ctypes."""

import ctypes
import re
from typing import Any

from attrs import frozen

from lmrt.domain.machine import DeviceKind

_CPU_TYPE = 0
_NAME = re.compile(r"(?P<maker>CUDA|Metal|MTL)(?P<index>\d*)")


@frozen
class EngineDevice:
    """One device of the engine.

    Attributes:
        name: The engine's name for it: `CUDA0`.
        device: Our name for it, or None for one that we cannot plan for (`Vulkan0`).
        kind: What sort of processor it is, or None as above.
        description: Its marketing name.
        memory_total: Bytes that it can hold.
        memory_free: Bytes free now.
        pointer: The engine's handle of it.
    """

    name: str
    device: str | None
    kind: DeviceKind | None
    description: str
    memory_total: int
    memory_free: int
    pointer: int


def engine_devices() -> tuple[EngineDevice, ...]:
    """Return the devices in the engine's order; the engine must have been imported."""
    from llama_cpp._ggml import libggml

    count = _function(libggml, "ggml_backend_dev_count", ctypes.c_size_t)
    get = _function(libggml, "ggml_backend_dev_get", ctypes.c_void_p, ctypes.c_size_t)
    return tuple(_device(libggml, get(index)) for index in range(count()))


def _device(library: Any, pointer: int) -> EngineDevice:
    def text(name: str) -> str:
        read = _function(library, f"ggml_backend_dev_{name}", ctypes.c_char_p, ctypes.c_void_p)
        return str((read(pointer) or b"").decode("utf-8", "replace"))

    kind_of = _function(library, "ggml_backend_dev_type", ctypes.c_int, ctypes.c_void_p)
    sizes = ctypes.POINTER(ctypes.c_size_t)
    memory = _function(library, "ggml_backend_dev_memory", None, ctypes.c_void_p, sizes, sizes)
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    memory(pointer, ctypes.byref(free), ctypes.byref(total))
    name = text("name")
    device, kind = named(name, is_cpu=kind_of(pointer) == _CPU_TYPE)
    return EngineDevice(name, device, kind, text("description"), total.value, free.value, pointer)


def named(name: str, *, is_cpu: bool) -> tuple[str | None, DeviceKind | None]:
    """Return our name and kind of the device that the engine calls `name`."""
    if is_cpu:
        return "cpu", DeviceKind.CPU
    match = _NAME.fullmatch(name)
    if match is None:
        return None, None
    if match["maker"] == "CUDA":
        return f"cuda:{match['index'] or 0}", DeviceKind.CUDA
    return ("metal", DeviceKind.METAL) if match["index"] in ("", "0") else (None, None)


def _function(library: Any, name: str, result: Any, *arguments: Any) -> Any:
    # A prototype of our own: the library object is shared with other users of llama_cpp.
    return ctypes.CFUNCTYPE(result, *arguments)((name, library))
