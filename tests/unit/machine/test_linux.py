"""What this process may use of a Linux machine, containers counted."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from lmrt.adapters.machine import SystemMachineProbe
from lmrt.domain.machine import Machine, Processor
from lmrt.ports.machine import MachineProbe
from tests.support.recorded_machines import CPUINFO_ARM, GIB, linux_files, uname

NAME = "Intel(R) Core(TM) i7-10700 CPU @ 2.90GHz"
V1_UNLIMITED = "9223372036854771712\n"


def inspect(
    root: Path,
    extra: Mapping[str, str] | None = None,
    *,
    threads: frozenset[int] = frozenset(range(8)),
) -> Machine:
    probe: MachineProbe = SystemMachineProbe(
        root=linux_files(root, extra),
        uname=lambda: uname("Linux", "x86_64"),
        affinity=lambda: threads,
    )
    return probe.inspect()


def test_a_plain_machine(tmp_path: Path) -> None:
    assert inspect(tmp_path) == Machine(
        "Linux", "x86_64", Processor(NAME, 4, 8), 32 * GIB, 24 * GIB
    )


def test_threads_that_may_not_be_used_do_not_count(tmp_path: Path) -> None:
    assert inspect(tmp_path, threads=frozenset({0, 4})).processor == Processor(NAME, 1, 2)
    assert inspect(tmp_path, threads=frozenset({0, 1})).processor == Processor(NAME, 2, 2)


def test_a_processor_without_a_name_is_called_by_its_architecture(tmp_path: Path) -> None:
    linux_files(tmp_path, cpuinfo=CPUINFO_ARM)
    probe = SystemMachineProbe(
        root=tmp_path, uname=lambda: uname("Linux", "aarch64"), affinity=lambda: {0}
    )
    assert probe.inspect().processor == Processor("aarch64", 1, 1)


def test_a_container_of_version_2_lowers_memory(tmp_path: Path) -> None:
    machine = inspect(
        tmp_path,
        {
            "sys/fs/cgroup/memory.max": f"{8 * GIB}\n",
            "sys/fs/cgroup/memory.current": f"{5 * GIB}\n",
            "sys/fs/cgroup/memory.stat": f"anon {3 * GIB}\ninactive_file {2 * GIB}\n",
        },
    )
    assert (machine.memory_total, machine.memory_free) == (8 * GIB, 5 * GIB)


def test_the_strictest_of_nested_groups_counts(tmp_path: Path) -> None:
    machine = inspect(
        tmp_path,
        {
            "proc/self/cgroup": "0::/user.slice/app\n",
            "sys/fs/cgroup/user.slice/memory.max": f"{16 * GIB}\n",
            "sys/fs/cgroup/user.slice/memory.current": f"{15 * GIB}\n",
            "sys/fs/cgroup/user.slice/app/memory.max": f"{12 * GIB}\n",
            "sys/fs/cgroup/user.slice/app/memory.current": f"{2 * GIB}\n",
            "sys/fs/cgroup/user.slice/app/cpu.max": "max 100000\n",
            "sys/fs/cgroup/user.slice/cpu.max": "300000 100000\n",
        },
    )
    assert (machine.memory_total, machine.memory_free) == (12 * GIB, GIB)
    assert machine.processor == Processor(NAME, 3, 3)


def test_a_container_of_version_1_lowers_memory_and_processors(tmp_path: Path) -> None:
    group = "/docker/0123abcd"  # the host's path; the container sees its group at the mount point
    machine = inspect(
        tmp_path,
        {
            "proc/self/cgroup": f"5:memory:{group}\n4:cpu,cpuacct:{group}\n3:cpuset:{group}\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{4 * GIB}\n",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{2 * GIB}\n",
            "sys/fs/cgroup/memory/memory.stat": f"cache 1\ntotal_inactive_file {GIB}\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "250000\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        },
    )
    assert (machine.memory_total, machine.memory_free) == (4 * GIB, 3 * GIB)
    assert machine.processor == Processor(NAME, 2, 2)


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("max 100000", (4, 8)), ("50000 100000", (1, 1)), ("600000 100000", (4, 6)), ("", (4, 8))],
)
def test_processor_time_in_version_2(tmp_path: Path, quota: str, expected: tuple[int, int]) -> None:
    processor = inspect(tmp_path, {"sys/fs/cgroup/cpu.max": quota}).processor
    assert (processor.physical_cores, processor.logical_cores) == expected


def test_groups_without_limits_change_nothing(tmp_path: Path) -> None:
    machine = inspect(
        tmp_path,
        {
            "proc/self/cgroup": "4:memory:/a\n1:cpu:/\n0::/../outside\n",
            "sys/fs/cgroup/memory/a/memory.limit_in_bytes": V1_UNLIMITED,
            "sys/fs/cgroup/memory/a/memory.usage_in_bytes": f"{GIB}\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/unified/memory.max": "max\n",
        },
    )
    assert machine == Machine("Linux", "x86_64", Processor(NAME, 4, 8), 32 * GIB, 24 * GIB)


def test_a_full_container_has_nothing_free(tmp_path: Path) -> None:
    machine = inspect(
        tmp_path,
        {
            "sys/fs/cgroup/memory.max": f"{GIB}\n",
            "sys/fs/cgroup/memory.current": f"{2 * GIB}\n",
        },
    )
    assert (machine.memory_total, machine.memory_free) == (GIB, 0)


def test_an_empty_system_is_findings(tmp_path: Path) -> None:
    probe = SystemMachineProbe(
        root=tmp_path, uname=lambda: uname("Linux", "x86_64"), affinity=lambda: {0, 1}
    )
    machine = probe.inspect()
    assert machine.processor == Processor("x86_64", 2, 2)
    assert (machine.memory_total, machine.memory_free) == (0, 0)
    assert machine.findings == (
        "`/proc/meminfo` does not tell how much memory there is and is free",
        "`/sys/devices/system/cpu` does not tell which hardware threads share a core",
        "`/proc/cpuinfo` cannot be read: No such file or directory",
    )


def test_a_file_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "sys/fs/cgroup/memory.max").mkdir(parents=True)
    machine = inspect(tmp_path)
    assert machine.memory_total == 32 * GIB
    assert machine.findings == ("`/sys/fs/cgroup/memory.max` cannot be read: Is a directory",)


def test_this_machine_is_as_psutil_sees_it() -> None:
    machine = SystemMachineProbe().inspect()
    assert 0 < machine.memory_total <= psutil.virtual_memory().total
    assert 0 < machine.memory_free <= machine.memory_total
    assert 1 <= machine.processor.physical_cores <= (psutil.cpu_count(logical=False) or 1)
    assert machine.processor.logical_cores <= (os.cpu_count() or 1)
    assert machine.processor.name


@pytest.mark.skipif(sys.platform != "linux", reason="psutil answers on macOS")
def test_looking_at_a_linux_machine_imports_no_vendor(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path;"
        "from lmrt.adapters.machine import SystemMachineProbe;"
        f"SystemMachineProbe(root=Path({str(linux_files(tmp_path))!r})).inspect();"
        "print([name for name in ('psutil', 'pynvml', 'subprocess') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
