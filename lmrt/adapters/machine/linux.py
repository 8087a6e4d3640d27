"""The processor and the memory of a Linux machine."""

from collections.abc import Set as AbstractSet
from pathlib import Path

from lmrt.adapters.machine.cgroups import ContainerLimits
from lmrt.adapters.machine.files import SystemFiles, whole_number
from lmrt.domain.machine import Processor


def linux_memory(files: SystemFiles, limits: ContainerLimits) -> tuple[int, int]:
    """Return the bytes of memory in all and free, a container's limits counted."""
    sizes = {
        name: (whole_number(value.removesuffix("kB")) or 0) * 1024
        for name, value in files.table("proc/meminfo", ":").items()
    }
    if "MemTotal" not in sizes or "MemAvailable" not in sizes:
        files.findings.append("`/proc/meminfo` does not tell how much memory there is and is free")
    total = min((sizes.get("MemTotal", 0), *(limit.limit for limit in limits.memory)))
    free = min((sizes.get("MemAvailable", 0), *(limit.free for limit in limits.memory)))
    return total, min(free, total)


def linux_processor(
    files: SystemFiles, affinity: AbstractSet[int], limits: ContainerLimits, architecture: str
) -> Processor:
    """Return the processor as far as this process may use it.

    Args:
        files: The system's files.
        affinity: Numbers of the hardware threads that this process may run on.
        limits: What its container allows; part of a processor beyond whole ones does not count.
        architecture: Stands in for a processor without a name.
    """
    logical = max(len(affinity), 1)
    if limits.processors is not None:
        logical = max(1, min(logical, int(limits.processors)))
    physical = min(_cores(files, affinity), logical)
    return Processor(_name(files) or architecture, physical, logical, _cache(files))


def _cache(files: SystemFiles) -> int | None:
    """Return the bytes of the first thread's largest cache."""
    folder = "sys/devices/system/cpu/cpu0/cache"
    texts = (files.text(f"{folder}/index{number}/size") or "" for number in range(5))
    sizes = (whole_number(text.strip().removesuffix("K")) for text in texts)
    return max((size << 10 for size in sizes if size), default=None)


def _cores(files: SystemFiles, affinity: AbstractSet[int]) -> int:
    """Count the cores of the threads; threads of one core name the same siblings."""
    folder = "sys/devices/system/cpu"
    siblings = {
        files.text(f"{folder}/cpu{thread}/topology/thread_siblings_list") for thread in affinity
    }
    if None in siblings or not siblings:
        files.findings.append(f"`/{folder}` does not tell which hardware threads share a core")
        return max(len(affinity), 1)
    return len(siblings)


def _name(files: SystemFiles) -> str | None:
    path = Path(files.root, "proc/cpuinfo")
    try:
        # Line by line, up to the first processor: the kernel makes up the others when asked
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                name, _, value = line.partition(":")
                if name.strip() == "model name" and value.strip():
                    return value.strip()
                if not line.strip():
                    break
    except OSError as error:
        files.findings.append(f"`/proc/cpuinfo` cannot be read: {error.strerror or error}")
    return None
