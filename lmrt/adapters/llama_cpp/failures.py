"""Why the engine refused a model, read from what it logged; its API only tells that it did."""

import re
from collections.abc import Sequence

from lmrt.domain.failures import (
    MAIN_MEMORY,
    LoadFailure,
    Malformed,
    OtherFailure,
    OutOfMemory,
    Unsupported,
)
from lmrt.domain.plans import OnCpu, Placement, device_of

_NO_MEMORY = re.compile(
    r"(failed|unable) to (allocate|reserve memory)|failed to allocate|bad_alloc|out of memory"
    r"|Cannot allocate memory|compute [pt][pg] buffers|insufficient memory",
    re.IGNORECASE,
)
_ON_DEVICE = re.compile(r"cudaMalloc|\bon device \d|\b(CUDA|ROCm|Vulkan|SYCL|Metal|MTL)\d*\b")
_IN_MAIN_MEMORY = re.compile(r"\bCPU\w* buffer|bad_alloc|mmap failed|Cannot allocate memory")
_UNSUPPORTED = re.compile(
    r"(unknown|unsupported) (model architecture|pre-tokenizer type)|is no longer supported"
    r"|invalid ggml type"
)
_MALFORMED = re.compile(
    r"corrupt|incomplete|not within the file bounds|invalid (magic|model|gguf|split|token)"
    r"|failed to read|key not found|wrong (shape|array|type|number)|missing tensor"
    r"|tensor '[^']*' (not found|has invalid)|has invalid (GGUF type|number)|is duplicated"
)


def failure_from(lines: Sequence[str], placement: Placement, told: str) -> LoadFailure:
    """Return what sort of failure the engine's error messages tell of.

    Args:
        lines: The messages, in order.
        placement: Where the model was to go.
        told: The messages in one line.
    """
    short = [line for line in lines if _NO_MEMORY.search(line)]
    if short:
        return OutOfMemory(_pool(short, placement), told)
    for pattern, kind in ((_UNSUPPORTED, Unsupported), (_MALFORMED, Malformed)):
        if any(pattern.search(line) for line in lines):
            return kind(told)
    return OtherFailure(told)


def _pool(lines: Sequence[str], placement: Placement) -> str:
    """Return which memory ran out; where no line tells, that of the device."""
    if isinstance(placement, OnCpu):
        return MAIN_MEMORY
    if any(_ON_DEVICE.search(line) for line in lines):
        return device_of(placement)
    in_main = any(_IN_MAIN_MEMORY.search(line) for line in lines)
    return MAIN_MEMORY if in_main else device_of(placement)
