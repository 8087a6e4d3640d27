"""Looks at the machine: the system's files on Linux, `sysctl` on macOS, NVML for NVIDIA GPUs.

How fast it is can be measured once, in a child process.
"""

from lmrt.adapters.machine.measured import MeasuredMachineProbe, measure_in_child
from lmrt.adapters.machine.probe import SystemMachineProbe

__all__ = ["MeasuredMachineProbe", "SystemMachineProbe", "measure_in_child"]
