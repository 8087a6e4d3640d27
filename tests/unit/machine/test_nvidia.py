"""NVIDIA GPUs are what NVML tells, and what goes wrong with it is a finding."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lmrt.adapters.machine import SystemMachineProbe
from lmrt.adapters.machine.nvidia import import_nvml
from lmrt.domain.machine import Accelerator, DeviceKind, Machine
from tests.support.recorded_machines import GIB, linux_files, uname

DRIVER = {"dev/nvidiactl": ""}


class NVMLError(Exception):
    """NVML's own error."""


class RecordedNvml(SimpleNamespace):
    """Two GPUs; `broken` names the functions that fail, and `log` what was called."""

    NVMLError = NVMLError

    def __init__(self, *broken: str) -> None:
        super().__init__(broken=broken, log=[])

    def _answer(self, name: str, value: Any) -> Any:
        self.log.append(name)
        if name in self.broken:
            raise NVMLError("Not Supported")
        return value

    def nvmlInit(self) -> None:  # noqa: N802
        self._answer("nvmlInit", None)

    def nvmlShutdown(self) -> None:  # noqa: N802
        self._answer("nvmlShutdown", None)

    def nvmlSystemGetDriverVersion(self) -> bytes:  # noqa: N802
        return bytes(self._answer("nvmlSystemGetDriverVersion", b"580.65.06"))

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return int(self._answer("nvmlDeviceGetCount", 2))

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        return int(self._answer(f"handle:{index}", index))

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> Any:  # noqa: N802
        memory = SimpleNamespace(total=(handle + 1) * 24 * GIB, free=20 * GIB, used=4 * GIB)
        return self._answer(f"memory:{handle}", memory)

    def nvmlDeviceGetName(self, handle: int) -> str | bytes:  # noqa: N802
        name: str | bytes = self._answer(
            f"name:{handle}", ("NVIDIA GeForce RTX 4090", b"NVIDIA L40S")[handle]
        )
        return name

    NVML_CLOCK_MEM = 2

    def nvmlDeviceGetMaxClockInfo(self, handle: int, clock: int) -> int:  # noqa: N802
        assert clock == self.NVML_CLOCK_MEM
        return int(self._answer(f"clock:{handle}", (10501, 9001)[handle]))

    def nvmlDeviceGetMemoryBusWidth(self, handle: int) -> int:  # noqa: N802
        return int(self._answer(f"width:{handle}", 384))


FIRST = Accelerator(
    "cuda:0",
    DeviceKind.CUDA,
    "NVIDIA GeForce RTX 4090",
    24 * GIB,
    20 * GIB,
    memory_bandwidth=1_008_096_000_000.0,
    driver="580.65.06",
    arithmetic=165e12,
)
SECOND = Accelerator(
    "cuda:1",
    DeviceKind.CUDA,
    "NVIDIA L40S",
    48 * GIB,
    20 * GIB,
    memory_bandwidth=864_096_000_000.0,
    driver="580.65.06",
)


def inspect(root: Path, load_nvml: Callable[[], Any], files: dict[str, str]) -> Machine:
    probe = SystemMachineProbe(
        root=linux_files(root, files),
        uname=lambda: uname("Linux", "x86_64"),
        affinity=lambda: {0},
        load_nvml=load_nvml,
    )
    return probe.inspect()


def test_gpus_come_in_the_drivers_order(tmp_path: Path) -> None:
    nvml = RecordedNvml()
    machine = inspect(tmp_path, lambda: nvml, DRIVER)
    assert machine.accelerators == (FIRST, SECOND)
    assert machine.findings == ()
    assert nvml.log[-1] == "nvmlShutdown"


def test_without_a_driver_nvml_is_not_even_imported(tmp_path: Path) -> None:
    def load() -> Any:
        pytest.fail("NVML was imported")

    assert inspect(tmp_path, load, {}).accelerators == ()


@pytest.mark.parametrize("call", ["nvmlInit", "nvmlSystemGetDriverVersion", "nvmlDeviceGetCount"])
def test_an_nvml_that_fails_is_a_finding(tmp_path: Path, call: str) -> None:
    machine = inspect(tmp_path, lambda: RecordedNvml(call), DRIVER)
    assert machine.accelerators == ()
    assert machine.findings == ("NVIDIA GPUs cannot be counted: Not Supported",)


@pytest.mark.parametrize("call", ["handle:0", "memory:0", "name:0"])
def test_a_gpu_that_cannot_be_read_leaves_the_others(tmp_path: Path, call: str) -> None:
    nvml = RecordedNvml(call)
    machine = inspect(tmp_path, lambda: nvml, DRIVER)
    assert machine.accelerators == (SECOND,)
    assert machine.findings == ("`cuda:0` cannot be read: Not Supported",)
    assert nvml.log[-1] == "nvmlShutdown"


def test_a_shutdown_that_fails_changes_nothing(tmp_path: Path) -> None:
    machine = inspect(tmp_path, lambda: RecordedNvml("nvmlShutdown"), DRIVER)
    assert machine.accelerators == (FIRST, SECOND)


def test_a_missing_binding_is_a_finding(tmp_path: Path) -> None:
    def load() -> Any:
        raise ModuleNotFoundError("No module named 'pynvml'")

    machine = inspect(tmp_path, load, DRIVER)
    assert machine.findings == ("NVIDIA GPUs cannot be counted: No module named 'pynvml'",)


@pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="this machine has the driver")
def test_the_real_binding_without_its_library_is_a_finding(tmp_path: Path) -> None:
    machine = inspect(tmp_path, import_nvml, DRIVER)
    assert machine.findings == ("NVIDIA GPUs cannot be counted: NVML Shared Library Not Found",)


@pytest.mark.cuda
@pytest.mark.skipif(not Path("/dev/nvidiactl").exists(), reason="this machine has no driver")
def test_the_real_binding_counts_this_machines_gpus() -> None:
    machine = SystemMachineProbe().inspect()
    assert machine.accelerators
    for gpu in machine.accelerators:
        assert gpu.memory_free is not None
        assert 0 < gpu.memory_free <= gpu.memory_total
        assert gpu.driver


@pytest.mark.parametrize("broken", ["clock:0", "width:0"])
def test_a_bandwidth_that_the_driver_does_not_tell_is_not_known(
    tmp_path: Path, broken: str
) -> None:
    found = inspect(tmp_path, lambda: RecordedNvml(broken), DRIVER)

    assert [gpu.memory_bandwidth for gpu in found.accelerators] == [None, 864_096_000_000.0]
    assert not found.findings
