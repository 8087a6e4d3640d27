"""What a Mac tells by `sysctl`, and the share of its memory that Metal recommends."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from lmrt.adapters.machine import SystemMachineProbe
from lmrt.adapters.machine.probe import run_command
from lmrt.domain.machine import Accelerator, DeviceKind, Machine, Processor
from tests.support.recorded_machines import GIB, SYSCTL_INTEL, SYSCTL_M1, SYSCTL_M2_MAX, uname


def inspect(sysctl: str, *, total: int, free: int, architecture: str = "arm64") -> Machine:
    def run(command: Sequence[str]) -> str:
        assert command[0] == "/usr/sbin/sysctl"
        return sysctl

    return SystemMachineProbe(
        uname=lambda: uname("Darwin", architecture), memory=lambda: (total, free), run=run
    ).inspect()


def test_a_large_mac_gives_metal_three_quarters() -> None:
    assert inspect(SYSCTL_M2_MAX, total=64 * GIB, free=40 * GIB) == Machine(
        "Darwin",
        "arm64",
        Processor("Apple M2 Max", 12, 12),
        64 * GIB,
        40 * GIB,
        (
            Accelerator(
                "metal",
                DeviceKind.METAL,
                "Apple M2 Max",
                48 * GIB,
                40 * GIB,
                unified=True,
                memory_bandwidth=400e9,
                arithmetic=13.5e12,
            ),
        ),
    )


def test_a_small_mac_gives_metal_two_thirds() -> None:
    (gpu,) = inspect(SYSCTL_M1, total=8 * GIB, free=6 * GIB).accelerators
    assert gpu.memory_total == 8 * GIB * 2 // 3
    assert gpu.memory_free == gpu.memory_total


def test_the_users_limit_stands_before_the_share() -> None:
    raised = SYSCTL_M2_MAX.replace("wired_limit_mb: 0", "wired_limit_mb: 57344")
    (gpu,) = inspect(raised, total=64 * GIB, free=60 * GIB).accelerators
    assert (gpu.memory_total, gpu.memory_free) == (56 * GIB, 56 * GIB)


def test_an_intel_mac_has_no_gpu_to_count_on() -> None:
    machine = inspect(SYSCTL_INTEL, total=16 * GIB, free=8 * GIB, architecture="x86_64")
    assert machine.accelerators == ()
    assert machine.processor.physical_cores == 6
    assert machine.processor.logical_cores == 12


def test_without_sysctl_the_rest_is_still_told() -> None:
    def run(_command: Sequence[str]) -> str:
        raise FileNotFoundError(2, "No such file or directory")

    machine = SystemMachineProbe(
        uname=lambda: uname("Darwin", "arm64"), memory=lambda: (8 * GIB, GIB), run=run
    ).inspect()
    threads = os.cpu_count() or 1
    assert machine.processor == Processor("arm64", threads, threads)
    assert (machine.memory_total, machine.memory_free) == (8 * GIB, GIB)
    assert machine.findings == ("`sysctl` cannot be run: No such file or directory",)


def test_memory_that_cannot_be_read_is_a_finding() -> None:
    def memory() -> tuple[int, int]:
        raise OSError("host_statistics64 failed")

    machine = SystemMachineProbe(
        uname=lambda: uname("Darwin", "arm64"), memory=memory, run=lambda _command: SYSCTL_M1
    ).inspect()
    assert (machine.memory_total, machine.memory_free) == (8 * GIB, 0)
    assert machine.findings == ("how much memory is free cannot be read: host_statistics64 failed",)


def test_another_system_is_told_as_such() -> None:
    machine = SystemMachineProbe(
        uname=lambda: uname("FreeBSD", "amd64"), memory=lambda: (8 * GIB, GIB)
    ).inspect()
    assert (machine.system, machine.memory_free) == ("FreeBSD", GIB)
    assert machine.findings == ("`FreeBSD` is not a system that this version knows",)


def test_commands_that_complain_still_answer() -> None:
    script = "import sys; print('a: 1'); print('unknown', file=sys.stderr); sys.exit(1)"
    assert run_command([sys.executable, "-c", script]) == "a: 1\n"


def test_a_missing_command_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        run_command([str(tmp_path / "sysctl")])


def test_a_command_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lmrt.adapters.machine.probe._COMMAND_SECONDS", 0.01)
    with pytest.raises(TimeoutError, match=r"more than 0\.01 s"):
        run_command([sys.executable, "-c", "import time; time.sleep(30)"])


def test_psutil_tells_the_memory_of_this_machine() -> None:
    total, free = SystemMachineProbe().memory()
    assert 0 < free <= total
