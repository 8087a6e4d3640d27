"""Looks at the machine; everything that it asks can be replaced."""

import os
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from attrs import frozen

from lmrt.adapters.machine.apple import Runner, apple_gpu, apple_processor, read_sysctl
from lmrt.adapters.machine.cgroups import container_limits
from lmrt.adapters.machine.files import SystemFiles, whole_number
from lmrt.adapters.machine.linux import linux_memory, linux_processor
from lmrt.adapters.machine.nvidia import import_nvml, nvidia_gpus
from lmrt.domain.machine import Machine, Processor

_COMMAND_SECONDS = 2.0


def run_command(command: Sequence[str]) -> str:
    """Return what a command prints; its exit status and its complaints do not matter."""
    import subprocess

    try:
        done = subprocess.run(  # noqa: S603 - the commands are this package's own
            command, capture_output=True, check=False, text=True, timeout=_COMMAND_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"it took more than {_COMMAND_SECONDS:g} s") from None
    return done.stdout


def allowed_threads() -> AbstractSet[int]:
    """Return the numbers of the hardware threads that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return frozenset(range(os.cpu_count() or 1))


def system_memory() -> tuple[int, int]:
    """Return the bytes of main memory in all and available, by psutil."""
    import psutil

    memory = psutil.virtual_memory()
    return memory.total, memory.available


@frozen(kw_only=True)
class SystemMachineProbe:
    """Implements `MachineProbe`.

    Attributes:
        root: Where the system's files are.
        uname: Names the system and the architecture.
        affinity: Tells which hardware threads may be used, on Linux.
        memory: Tells main memory in all and available, where it is not Linux.
        run: Runs `sysctl`, on macOS.
        load_nvml: Imports NVML; called only where a driver is to be seen.
    """

    root: Path = Path("/")
    uname: Callable[[], Any] = os.uname
    affinity: Callable[[], AbstractSet[int]] = allowed_threads
    memory: Callable[[], tuple[int, int]] = system_memory
    run: Runner = run_command
    load_nvml: Callable[[], Any] = import_nvml

    def inspect(self) -> Machine:
        """Return the machine as it is now; never raises, what cannot be read is a finding."""
        system = self.uname()
        match system.sysname:
            case "Linux":
                return self._linux(system.machine)
            case "Darwin":
                return self._mac(system.machine)
            case other:
                return self._unknown(other, system.machine)

    def _linux(self, architecture: str) -> Machine:
        files = SystemFiles(self.root)
        limits = container_limits(files)
        total, free = linux_memory(files, limits)
        processor = linux_processor(files, self.affinity(), limits, architecture)
        gpus = nvidia_gpus(files, self.load_nvml)
        findings = tuple(dict.fromkeys(files.findings))
        return Machine("Linux", architecture, processor, total, free, gpus, findings=findings)

    def _mac(self, architecture: str) -> Machine:
        findings: list[str] = []
        values = read_sysctl(self.run, findings)
        total, free = self._available(findings)
        total = whole_number(values.get("hw.memsize")) or total
        return Machine(
            "Darwin",
            architecture,
            apple_processor(values, architecture),
            total,
            min(free, total),
            apple_gpu(values, total, free),
            findings=tuple(findings),
        )

    def _unknown(self, system: str, architecture: str) -> Machine:
        findings = [f"`{system}` is not a system that this version knows"]
        total, free = self._available(findings)
        threads = os.cpu_count() or 1
        processor = Processor(architecture, threads, threads)
        return Machine(system, architecture, processor, total, free, findings=tuple(findings))

    def _available(self, findings: list[str]) -> tuple[int, int]:
        try:
            return self.memory()
        except (ImportError, OSError, RuntimeError) as error:
            findings.append(f"how much memory is free cannot be read: {error}")
            return 0, 0
