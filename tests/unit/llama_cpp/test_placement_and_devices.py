"""Placements become the engine's parameters, the engine's device names become ours."""

import ctypes
from types import SimpleNamespace
from typing import Any

import pytest

from lmrt.adapters.llama_cpp.devices import EngineDevice, named
from lmrt.adapters.llama_cpp.settings import batch_capacity, model_params
from lmrt.domain.errors import LoadFailed
from lmrt.domain.machine import DeviceKind
from lmrt.domain.plans import OnCpu, OnDevice, Placement, SplitLayers
from tests.support.plans import execution_settings

DEVICES = (
    EngineDevice("CPU", "cpu", DeviceKind.CPU, "a CPU", 2, 1, 0x10),
    EngineDevice("CUDA0", "cuda:0", DeviceKind.CUDA, "a GPU", 2, 1, 0x20),
    EngineDevice("CUDA1", "cuda:1", DeviceKind.CUDA, "a GPU", 2, 1, 0x30),
)


class Api:
    """As much of the engine's API as model parameters need."""

    LLAMA_SPLIT_MODE_NONE = 0

    def __init__(self, system: bytes = b"AVX512 = 1") -> None:
        self._system = system

    def llama_print_system_info(self) -> bytes:
        return self._system

    @staticmethod
    def llama_model_default_params() -> SimpleNamespace:
        return SimpleNamespace(split_mode=1)


def params(placement: Placement) -> tuple[Any, list[int | None]]:
    made = model_params(Api(), placement, DEVICES, progress=None)
    assert made.params.devices.value == ctypes.addressof(made.devices)
    return made.params, list(made.devices)


def test_on_the_cpu_no_device_is_used_for_anything() -> None:
    made, devices = params(OnCpu())
    assert (made.n_gpu_layers, devices) == (0, [None])


def test_a_whole_model_on_one_device() -> None:
    made, devices = params(OnDevice("cuda:1"))
    assert (made.n_gpu_layers, devices, made.split_mode) == (-1, [0x30, None], 0)


def test_the_output_head_counts_as_a_layer_for_the_engine() -> None:
    made, devices = params(SplitLayers("cuda:0", 24, 32))
    assert (made.n_gpu_layers, devices, made.split_mode) == (25, [0x20, None], 0)


@pytest.mark.parametrize(
    ("system", "extra"), [(b"AVX512 = 1 | REPACK = 1", True), (b"AVX512 = 1 | AMX_INT8 = 1", False)]
)
def test_quantized_weights_stay_off_amx(system: bytes, extra: bool) -> None:
    made = model_params(Api(system), OnCpu(), DEVICES, progress=None)
    assert made.params.use_extra_bufts is extra


def test_a_device_that_the_engine_does_not_see() -> None:
    with pytest.raises(LoadFailed) as caught:
        params(OnDevice("metal"))
    assert caught.value.note == "it sees `CPU`, `CUDA0`, `CUDA1`"


@pytest.mark.parametrize(
    ("name", "is_cpu", "expected"),
    [
        ("CPU", True, ("cpu", DeviceKind.CPU)),
        ("CUDA0", False, ("cuda:0", DeviceKind.CUDA)),
        ("CUDA11", False, ("cuda:11", DeviceKind.CUDA)),
        ("Metal", False, ("metal", DeviceKind.METAL)),
        ("MTL0", False, ("metal", DeviceKind.METAL)),
        ("Vulkan0", False, (None, None)),
        ("BLAS", False, (None, None)),
    ],
)
def test_names(name: str, is_cpu: bool, expected: tuple[str | None, DeviceKind | None]) -> None:
    assert named(name, is_cpu=is_cpu) == expected


@pytest.mark.parametrize(("batch", "sequences", "capacity"), [(512, 4, 512), (2, 4, 4)])
def test_every_live_sequence_has_room_in_a_step(batch: int, sequences: int, capacity: int) -> None:
    settings = execution_settings(batch_size=batch, max_sequences=sequences)
    assert batch_capacity(settings) == capacity
