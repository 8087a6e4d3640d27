"""The limits that a container sets, in control groups of either version."""

from collections.abc import Iterator

from attrs import frozen

from lmrt.adapters.machine.files import SystemFiles, whole_number

_MOUNT = "sys/fs/cgroup"


@frozen
class MemoryLimit:
    """One group's limit.

    Attributes:
        limit: Bytes that the group may hold.
        free: Bytes of it that are not taken; file caches, which give way, count as free.
    """

    limit: int
    free: int


@frozen
class ContainerLimits:
    """What the process's groups allow, from its own up to the outermost.

    Attributes:
        memory: One limit for each group that has one.
        processors: Processors' worth of time that the strictest group allows, or None.
    """

    memory: tuple[MemoryLimit, ...]
    processors: float | None


def container_limits(files: SystemFiles) -> ContainerLimits:
    """Read the limits of this process."""
    memory: list[MemoryLimit] = []
    quotas: list[float] = []
    for line in (files.text("proc/self/cgroup") or "").splitlines():
        controllers, _, group = line.partition(":")[2].partition(":")
        names = controllers.split(",")
        if not controllers:
            for folder in (*_levels(_MOUNT, group), *_levels(f"{_MOUNT}/unified", group)):
                memory += _memory_v2(files, folder)
                quotas += _quota_v2(files, folder)
        if "memory" in names:
            for folder in _levels(f"{_MOUNT}/memory", group):
                memory += _memory_v1(files, folder)
        if "cpu" in names:
            for mount in dict.fromkeys((controllers, "cpu")):
                for folder in _levels(f"{_MOUNT}/{mount}", group):
                    quotas += _quota_v1(files, folder)
    return ContainerLimits(tuple(memory), min(quotas, default=None))


def _levels(mount: str, group: str) -> Iterator[str]:
    """Yield the group's folder and those above it, up to the mount point.

    A container may see its own group at the mount point although the group's path is that of the
    host; then the folders below do not exist.
    """
    parts = [part for part in group.split("/") if part]
    if ".." in parts:  # the group lies outside what is mounted here
        parts = []
    for length in range(len(parts), -1, -1):
        yield "/".join((mount, *parts[:length]))


def _memory_v2(files: SystemFiles, folder: str) -> Iterator[MemoryLimit]:
    limit = files.number(f"{folder}/memory.max")
    if limit is not None:
        used = files.number(f"{folder}/memory.current") or 0
        cached = files.table(f"{folder}/memory.stat").get("inactive_file")
        yield _memory_limit(limit, used, cached)


def _memory_v1(files: SystemFiles, folder: str) -> Iterator[MemoryLimit]:
    limit = files.number(f"{folder}/memory.limit_in_bytes")
    if limit is not None:
        used = files.number(f"{folder}/memory.usage_in_bytes") or 0
        cached = files.table(f"{folder}/memory.stat").get("total_inactive_file")
        yield _memory_limit(limit, used, cached)


def _memory_limit(limit: int, used: int, cached: str | None) -> MemoryLimit:
    taken = max(used - (whole_number(cached) or 0), 0)
    return MemoryLimit(limit, max(limit - taken, 0))


def _quota_v2(files: SystemFiles, folder: str) -> Iterator[float]:
    cells = (files.text(f"{folder}/cpu.max") or "").split()
    if len(cells) == 2:
        yield from _quota(whole_number(cells[0]), whole_number(cells[1]))


def _quota_v1(files: SystemFiles, folder: str) -> Iterator[float]:
    yield from _quota(
        files.number(f"{folder}/cpu.cfs_quota_us"), files.number(f"{folder}/cpu.cfs_period_us")
    )


def _quota(time: int | None, period: int | None) -> Iterator[float]:
    """Yield the share of a processor; `max` and -1, which are no number here, set no limit."""
    if time and period:
        yield time / period
