"""A plan's placement and settings, as the engine's parameters."""

import ctypes
from collections.abc import Sequence
from typing import Any

from attrs import frozen

from lmrt.adapters.llama_cpp.abort import AbortFlag
from lmrt.adapters.llama_cpp.devices import EngineDevice
from lmrt.domain.config import KvType
from lmrt.domain.errors import LoadFailed
from lmrt.domain.plans import (
    ExecutionSettings,
    OnCpu,
    OnDevice,
    Placement,
    SplitLayers,
    SpreadLayers,
    device_of,
)

_GGML_TYPES = {
    KvType.F32: "GGML_TYPE_F32",
    KvType.F16: "GGML_TYPE_F16",
    KvType.Q8_0: "GGML_TYPE_Q8_0",
    KvType.Q4_0: "GGML_TYPE_Q4_0",
}
_ALL_LAYERS = -1


@frozen
class ModelParams:
    """Parameters of a model load.

    Attributes:
        params: The engine's structure.
        devices: What the structure points to; it must live until the load is over.
    """

    params: Any
    devices: Any


def model_params(
    api: Any, placement: Placement, devices: Sequence[EngineDevice], progress: Any
) -> ModelParams:
    """Return the parameters that put the layers where the placement says.

    Raises:
        LoadFailed: The engine does not see the device (`engine-load-failed`).
    """
    pointers: list[int | None] = []
    if not isinstance(placement, OnCpu):
        pointers.append(_pointer(device_of(placement), devices))
    # An empty list, unlike none at all, keeps a GPU out of everything.
    listed = (ctypes.c_void_p * (len(pointers) + 1))(*pointers, None)
    params = api.llama_model_default_params()
    params.devices = ctypes.cast(listed, ctypes.c_void_p)
    params.n_gpu_layers = _gpu_layers(placement)
    params.split_mode = api.LLAMA_SPLIT_MODE_NONE if pointers else params.split_mode
    params.use_extra_bufts = not has_amx(api)
    params.progress_callback = progress
    return ModelParams(params, listed)


def has_amx(api: Any) -> bool:
    """Return whether the engine would multiply quantized weights with Intel's AMX.

    It must not: its tile configuration lives on the stack, where the compiler drops most of it, and
    the first multiplication is a general protection fault (llama.cpp pull request 26954, issue
    20824; seen here with GCC 12). Without its extra buffer types the engine uses AVX-512 instead.
    """
    return b"AMX_INT8 = 1" in api.llama_print_system_info()


def _gpu_layers(placement: Placement) -> int:
    match placement:
        case OnCpu():
            return 0
        case OnDevice():
            return _ALL_LAYERS
        case SplitLayers(_, layers, _):
            # The engine counts the output head as a layer and moves it first.
            return layers + 1
        case SpreadLayers():
            raise LoadFailed(
                "llama.cpp is given one device at a time here",
                code="engine-load-failed",
                context={"device": device_of(placement)},
            )


def _pointer(name: str, devices: Sequence[EngineDevice]) -> int:
    for device in devices:
        if device.device == name:
            return device.pointer
    seen = ", ".join(f"`{device.name}`" for device in devices) or "no device"
    raise LoadFailed(
        f"llama.cpp does not see the device `{name}`",
        code="engine-load-failed",
        context={"device": name},
        note=f"it sees {seen}",
    )


def batch_capacity(settings: ExecutionSettings) -> int:
    """Return the most tokens that one step takes; every live sequence can have one."""
    return max(settings.batch_size, settings.max_sequences)


def context_params(
    api: Any, settings: ExecutionSettings, placement: Placement, abort: AbortFlag | None
) -> Any:
    """Return the parameters of a context with the plan's settings.

    The sequences share one pool of `context_length` cells, so that one alone can use all of it.
    """
    params = api.llama_context_default_params()
    params.n_ctx = settings.context_length
    params.n_seq_max = settings.max_sequences
    params.kv_unified = True
    # A window layer's cells are planned for the window, not for the whole context.
    params.swa_full = False
    params.n_batch = params.n_ubatch = batch_capacity(settings)
    # One row of logits a sequence: the default reserves one a token, vocabulary-wide.
    params.n_outputs_max = settings.max_sequences
    params.n_threads = settings.threads
    params.n_threads_batch = settings.batch_threads
    params.type_k = params.type_v = getattr(api, _GGML_TYPES[settings.kv_type])
    params.flash_attn_type = (
        api.LLAMA_FLASH_ATTN_TYPE_ENABLED
        if settings.flash_attention
        else api.LLAMA_FLASH_ATTN_TYPE_DISABLED
    )
    params.offload_kqv = params.op_offload = not isinstance(placement, OnCpu)
    params.no_perf = True
    if abort is not None:
        abort.install(params, api)
    return params
