"""The engine's model with the weights of a directory, all of them and no others."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from lmrt.adapters.torch import engine, errors
from lmrt.adapters.torch.devices import Devices, module_devices
from lmrt.adapters.torch.dtypes import DTYPES, ENGINE_TYPES
from lmrt.adapters.torch.rounding import Rounding
from lmrt.domain.plans import RuntimePlan

_PICKLED = re.compile(r"pytorch_model(-\d{5}-of-\d{5})?\.bin")


def load_weights(
    path: Path,
    devices: Devices,
    dtype: torch.dtype,
    rounding: Rounding | None,
    pickles: Sequence[str] = (),
) -> Any:
    """Return the model of a folder, its layers' matrices rounded where a rounding is given.

    No code of the model's is run, and nothing is fetched.

    Args:
        path: The folder.
        devices: Where its weights go.
        dtype: The type that is computed in.
        rounding: Of the layers' matrices, or None.
        pickles: The files of pickled weights, which the user allowed; without any, nothing but
            safetensors is read. torch's own reader takes tensors only out of a pickle and refuses
            whatever else it would construct.

    Raises:
        LoadFailed: The files lack tensors, hold others or are rounded (`engine-load-failed`).
        Exception: Whatever else the engine raises at files that are not as they should be.
    """
    transformers = engine.transformers()
    if not path.is_dir():
        raise errors.refused(path, "there is no such folder")
    for name in pickles:
        if not _PICKLED.fullmatch(name):
            raise errors.refused(path, f"it reads pickles named `pytorch_model.bin`, not `{name}`")
    here = {"local_files_only": True, "trust_remote_code": False}
    config = transformers.AutoConfig.from_pretrained(path, **here)
    if getattr(config.get_text_config(), "quantization_config", None) is not None:
        raise errors.refused(path, "its weights are rounded in a way that is not read here")
    model, report = transformers.AutoModelForCausalLM.from_pretrained(
        path,
        config=config,
        use_safetensors=not pickles,
        weights_only=True,
        dtype=dtype,
        attn_implementation=engine.ATTENTION,
        output_loading_info=True,
        ignore_mismatched_sizes=True,  # so that the report names them
        device_map=_device_map(transformers, config, devices),
        **_rounded(rounding),
        **here,
    )
    _check(path, report)
    return model.eval().requires_grad_(requires_grad=False)


def _device_map(transformers: Any, config: Any, devices: Devices) -> dict[str, torch.device] | None:
    """Return where modules go; None for the CPU, where nothing has to be moved."""
    if devices.several:
        with torch.device("meta"):
            model = transformers.AutoModelForCausalLM.from_config(config)
        return module_devices(model, devices)
    return None if devices.main.type == "cpu" else {"": devices.main}


def _rounded(rounding: Rounding | None) -> dict[str, Any]:
    if rounding is None:
        return {}
    from lmrt.adapters.torch.rounder import METHOD, RoundingConfig

    return {"quantization_config": RoundingConfig(rounding), "experts_implementation": METHOD}


def compute_type(plan: RuntimePlan, path: Path) -> torch.dtype:
    """Return the type of activations, which the KV cache has too.

    Raises:
        LoadFailed: The plan's types do not go together (`engine-load-failed`).
    """
    settings = plan.settings
    found = ENGINE_TYPES.get(settings.kv_type)
    wanted = settings.dtype or plan.artifact.dtype
    if found is None or (wanted is not None and not wanted.rounded and DTYPES[found] is not wanted):
        weights = plan.artifact.quantization.name if wanted is None else wanted
        raise errors.refused(path, f"a KV cache of {settings.kv_type} beside weights of {weights}")
    return found


def _check(path: Path, report: dict[str, Any]) -> None:
    for key, what in (
        ("missing_keys", "the files lack"),
        ("mismatched_keys", "the files hold, in other sizes,"),
        ("unexpected_keys", "the model has no place for"),
    ):
        if report[key]:
            # Of another size, the engine tells the sizes too
            names = [name if isinstance(name, str) else name[0] for name in report[key]]
            raise errors.tensors_differ(path, what, names)
