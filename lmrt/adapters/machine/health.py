"""What of the machine can stand in the way: who holds memory, how many files may be open."""

import resource

from attrs import frozen

from lmrt.domain.remedies import Remedy
from lmrt.domain.remedies_machine import FewFileDescriptors, MemoryHolder

_NAMED = 3
_FEWEST = 256
"""Open files that a process should be allowed: what macOS allows by default."""


def memory_holders() -> tuple[MemoryHolder, ...]:
    """Return the programs that hold most memory, the largest first, by name alone.

    The processes of one program count together; those that may not be asked are left out.
    """
    import psutil

    held: dict[str, int] = {}
    for process in psutil.process_iter(["name", "memory_info"]):
        told = process.info
        if told["name"] and told["memory_info"] is not None:
            held[told["name"]] = held.get(told["name"], 0) + told["memory_info"].rss
    largest = sorted(held.items(), key=lambda item: (-item[1], item[0]))[:_NAMED]
    return tuple(MemoryHolder(name, size) for name, size in largest)


@frozen
class FileLimitCheck:
    """`HealthCheck` of how many files this process may open."""

    def findings(self) -> tuple[Remedy, ...]:
        """Return that they are few, if so."""
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        few = limit != resource.RLIM_INFINITY and limit < _FEWEST
        return (FewFileDescriptors(limit),) if few else ()
