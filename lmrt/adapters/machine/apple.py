"""The processor, the memory and the GPU of a Mac, by `sysctl`."""

import os
from collections.abc import Callable, Mapping, Sequence

from lmrt.adapters.machine.files import whole_number
from lmrt.adapters.machine.published import apple_chip
from lmrt.domain.machine import Accelerator, DeviceKind, Processor

Runner = Callable[[Sequence[str]], str]
"""Runs a command and returns what it prints; raises OSError where it cannot."""

_KEYS = (
    "hw.memsize",
    "hw.physicalcpu",
    "hw.logicalcpu",
    "machdep.cpu.brand_string",
    "hw.optional.arm64",
    "iogpu.wired_limit_mb",
    "hw.perflevel0.l2cachesize",
)
_LARGE = 36 * 2**30


def read_sysctl(run: Runner, findings: list[str]) -> dict[str, str]:
    """Return those of the keys that this system knows."""
    try:
        lines = run(["/usr/sbin/sysctl", *_KEYS]).splitlines()
    except OSError as error:
        findings.append(f"`sysctl` cannot be run: {error.strerror or error}")
        return {}
    cells = [line.partition(":") for line in lines]
    return {name.strip(): value.strip() for name, _, value in cells if name.strip() in _KEYS}


def apple_processor(values: Mapping[str, str], architecture: str) -> Processor:
    """Return the processor; its efficiency cores count."""
    logical = whole_number(values.get("hw.logicalcpu")) or os.cpu_count() or 1
    physical = whole_number(values.get("hw.physicalcpu")) or logical
    name = values.get("machdep.cpu.brand_string") or architecture
    return Processor(name, physical, logical, whole_number(values.get("hw.perflevel0.l2cachesize")))


def apple_gpu(
    values: Mapping[str, str], memory_total: int, memory_free: int
) -> tuple[Accelerator, ...]:
    """Return the GPU of an Apple chip; a Mac with an Intel processor has none to count on.

    Its memory is the main memory. How much of that Metal recommends to use
    (`recommendedMaxWorkingSetSize`) is known only to Metal; Macs report two thirds of the memory
    up to 32 GB, and three quarters or a little more above, unless `iogpu.wired_limit_mb` says
    otherwise. What is free of it is what is free of the main memory.
    """
    if values.get("hw.optional.arm64") != "1" or not memory_total:
        return ()
    wired = whole_number(values.get("iogpu.wired_limit_mb"))
    share = memory_total * 3 // 4 if memory_total >= _LARGE else memory_total * 2 // 3
    usable = wired * 2**20 if wired else share
    name = values.get("machdep.cpu.brand_string") or "Apple GPU"
    known = apple_chip(name)
    return (
        Accelerator(
            device="metal",
            kind=DeviceKind.METAL,
            name=name,
            memory_total=usable,
            memory_free=min(usable, memory_free),
            unified=True,
            memory_bandwidth=None if known is None else known.bandwidth,
            arithmetic=None if known is None else known.arithmetic,
        ),
    )
