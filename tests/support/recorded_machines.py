"""Machines as their systems describe them, recorded from real ones and shortened."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

GIB = 2**30

MEMINFO = "MemTotal:       33554432 kB\nMemFree:         1048576 kB\nMemAvailable:   25165824 kB\n"
"""32 GiB, of which 24 GiB are available."""

CPUINFO = """\
processor\t: 0
vendor_id\t: GenuineIntel
model name\t: Intel(R) Core(TM) i7-10700 CPU @ 2.90GHz
flags\t\t: fpu vme

processor\t: 1
model name\t: another
"""
CPUINFO_ARM = "processor\t: 0\nBogoMIPS\t: 243.75\nCPU implementer\t: 0x41\n\nprocessor\t: 1\n"

SYSCTL_M2_MAX = """\
hw.memsize: 68719476736
hw.physicalcpu: 12
hw.logicalcpu: 12
machdep.cpu.brand_string: Apple M2 Max
hw.optional.arm64: 1
iogpu.wired_limit_mb: 0
"""
SYSCTL_M1 = """\
hw.memsize: 8589934592
hw.physicalcpu: 8
hw.logicalcpu: 8
machdep.cpu.brand_string: Apple M1
hw.optional.arm64: 1
"""
SYSCTL_INTEL = """\
hw.memsize: 17179869184
hw.physicalcpu: 6
hw.logicalcpu: 12
machdep.cpu.brand_string: Intel(R) Core(TM) i7-9750H CPU @ 2.60GHz
"""


def linux_files(
    root: Path, extra: Mapping[str, str] | None = None, *, cpuinfo: str = CPUINFO
) -> Path:
    """Write the files of a machine with 4 cores of 2 threads each; return the root."""
    files = {"proc/meminfo": MEMINFO, "proc/cpuinfo": cpuinfo, "proc/self/cgroup": "0::/\n"}
    for thread in range(8):
        folder = f"sys/devices/system/cpu/cpu{thread}/topology"
        files[f"{folder}/thread_siblings_list"] = f"{thread % 4},{thread % 4 + 4}\n"
    for path, text in {**files, **(extra or {})}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


def uname(system: str, architecture: str) -> SimpleNamespace:
    """Return what `os.uname` tells on such a machine."""
    return SimpleNamespace(sysname=system, machine=architecture)
