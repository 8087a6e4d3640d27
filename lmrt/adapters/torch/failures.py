"""What sort of failure an exception of the engine is."""

import errno
import re

from lmrt.domain.failures import (
    MAIN_MEMORY,
    LoadFailure,
    Malformed,
    OtherFailure,
    OutOfMemory,
    Unsupported,
)
from lmrt.domain.plans import OnCpu, Placement, SpreadLayers, device_of

_ON_DEVICE = re.compile(r"(CUDA|HIP|MPS|XPU)\b.*out of memory", re.IGNORECASE)
_CARD = re.compile(r"\bGPU (\d+)\b")
_IN_MAIN_MEMORY = re.compile(
    r"DefaultCPUAllocator|can't allocate memory|Cannot allocate memory|not enough memory"
    r"|os error 12\b|bad_alloc",
    re.IGNORECASE,
)
_UNSUPPORTED = re.compile(
    r"does not recognize this architecture|Unrecognized (model|configuration)"
)
_MALFORMED = ("SafetensorError", "JSONDecodeError", "UnpicklingError", "EOFError")


def failure_from(error: BaseException, placement: Placement, told: str) -> LoadFailure:
    """Return what sort of failure an exception is.

    Args:
        error: What the engine raised.
        placement: Where the model was to go.
        told: The exception in one line.
    """
    text, kinds = str(error), {kind.__name__ for kind in type(error).__mro__}
    if _ON_DEVICE.search(text) or ("OutOfMemoryError" in kinds and "CPU" not in text):
        return OutOfMemory(_device(text, placement), told)
    if isinstance(error, MemoryError) or _IN_MAIN_MEMORY.search(text):
        return OutOfMemory(MAIN_MEMORY, told)
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return OutOfMemory(MAIN_MEMORY, told)
    if _UNSUPPORTED.search(text):
        return Unsupported(told)
    if kinds.intersection(_MALFORMED):
        return Malformed(told)
    return OtherFailure(told)


def _device(text: str, placement: Placement) -> str:
    """Return which device's memory ran out."""
    if isinstance(placement, OnCpu):
        return MAIN_MEMORY
    card = _CARD.search(text)
    if isinstance(placement, SpreadLayers) and card:
        return f"cuda:{card[1]}"
    return device_of(placement).split("+")[0]
