"""What sort of failure an exception of the engine is."""

import errno
import re

from lmrt.domain.failures import (
    LoadFailure,
    Malformed,
    OtherFailure,
    OutOfMemory,
    Unsupported,
)
from lmrt.domain.plans import Placement, device_of

_NO_MEMORY = re.compile(
    r"\[(metal::)?malloc|Unable to allocate|Attempting to allocate|bad_alloc"
    r"|Insufficient Memory|kIOGPUCommandBufferCallbackErrorOutOfMemory|Cannot allocate memory"
)
_UNSUPPORTED = re.compile(r"Model type .* not supported|[Uu]nsupported")
_MALFORMED = re.compile(
    r"\[load_safetensors\]|Missing \d+ parameters|Received \d+ parameters not in model"
    r"|Expected shape"
)


def failure_from(error: BaseException, placement: Placement, told: str) -> LoadFailure:
    """Return what sort of failure an exception is.

    Args:
        error: What the engine raised.
        placement: Where the model was to go.
        told: The exception in one line.
    """
    text = str(error)
    no_memory = isinstance(error, OSError) and error.errno == errno.ENOMEM
    if isinstance(error, MemoryError) or no_memory or _NO_MEMORY.search(text):
        # `cpu` is what main memory is called, too
        return OutOfMemory(device_of(placement), told)
    if _UNSUPPORTED.search(text):
        return Unsupported(told)
    if _MALFORMED.search(text) or "JSONDecodeError" in type(error).__name__:
        return Malformed(told)
    return OtherFailure(told)
