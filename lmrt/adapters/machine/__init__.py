"""Looks at the machine: the system's files on Linux, `sysctl` on macOS, NVML for NVIDIA GPUs."""

from lmrt.adapters.machine.probe import SystemMachineProbe

__all__ = ["SystemMachineProbe"]
