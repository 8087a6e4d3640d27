"""Rounding weights while they are read, one tensor at a time, inside the engine's own loader.

The layers' matrices become integers; embeddings, the output head and matrices that do not fit the
kernels stay as they are. So there is never more in memory than the rounded model and one tensor.
"""

from typing import Any

import torch
from transformers.core_model_loading import ConversionOps
from transformers.integrations.moe import ExpertsInterface
from transformers.quantizers.auto import register_quantization_config, register_quantizer
from transformers.quantizers.base import HfQuantizer
from transformers.utils.quantization_config import QuantizationConfigMixin

from lmrt.adapters.torch.errors import UnsupportedError
from lmrt.adapters.torch.heap import trim
from lmrt.adapters.torch.rounded import (
    EXPERT_WEIGHTS,
    SCALES,
    RoundedLinear,
    no_scales,
    rounded_experts,
)
from lmrt.adapters.torch.rounding import Rounding

METHOD = "lmrt"
"""Our name among the engine's ways to round, and among its ways to compute experts."""

_LEFT = 1 / 16
"""Largest share of the layers that may stay as it is: the planner counts all of it as rounded."""

ExpertsInterface.register(METHOD, rounded_experts)


@register_quantization_config(METHOD)
class RoundingConfig(QuantizationConfigMixin):
    """Asks the engine's loader to round.

    Args:
        rounding: How.
    """

    quant_method: Any = METHOD

    def __init__(self, rounding: Rounding) -> None:
        self.rounding = rounding

    def to_dict(self) -> dict[str, Any]:
        """Return what the engine logs of it."""
        return {"quant_method": METHOD, "bits": self.rounding.bits}


@register_quantizer(METHOD)
class Rounder(HfQuantizer):
    """What the engine's loader calls for each tensor."""

    requires_calibration = False

    def __init__(self, quantization_config: RoundingConfig, **options: Any) -> None:
        super().__init__(quantization_config, **options)
        self.rounding = quantization_config.rounding
        self.weights: set[str] = set()

    def _process_model_before_weight_loading(self, model: Any, **_options: Any) -> Any:
        self.weights = prepare(model, self.rounding)
        return model

    def param_needs_quantization(
        self,
        model: Any,  # noqa: ARG002 - the engine's interface
        param_name: str,
        **_options: Any,
    ) -> bool:
        """Return whether a tensor is to be rounded."""
        return param_name in self.weights

    def param_element_size(
        self,
        model: Any,  # noqa: ARG002 - the engine's interface
        param_name: str,
        param: torch.Tensor,
    ) -> float:
        """Return the bytes that an element takes once it is loaded."""
        rounded = param_name in self.weights
        return self.rounding.bits / 8 if rounded else float(param.element_size())

    def get_quantize_ops(self) -> "RoundTensor":
        """Return what rounds a tensor."""
        return RoundTensor(self.rounding)

    def is_serializable(self) -> bool:
        """Return that the engine cannot save the model."""
        return False

    @property
    def is_trainable(self) -> bool:
        """Whether the model can be trained."""
        return False


class RoundTensor(ConversionOps):
    """Rounds one tensor.

    Args:
        rounding: How.
    """

    def __init__(self, rounding: Rounding) -> None:
        self._rounding = rounding

    def convert(
        self, input_dict: dict[str, Any], *_patterns: Any, **options: Any
    ) -> dict[str, Any]:
        """Return a tensor's integers and scales, by their names in the model."""
        ((name, values),) = input_dict.items()
        module = options["model"].get_submodule(name.rpartition(".")[0])
        weight = values[0] if isinstance(values, list) else values
        integers, scales = self._round(weight, module)
        trim()
        return {name: integers, name + SCALES: scales}

    def _round(self, weight: torch.Tensor, module: Any) -> tuple[torch.Tensor, torch.Tensor]:
        if weight.dim() == 2:
            return self._rounding.round(weight)
        matrices = weight.mT if module.is_transposed else weight
        parts = [self._rounding.round(matrix) for matrix in matrices]
        return torch.stack([part[0] for part in parts]), torch.stack([part[1] for part in parts])


def prepare(model: Any, rounding: Rounding) -> set[str]:
    """Make room in a model without data for rounded weights; return the names of the weights.

    Raises:
        UnsupportedError: Its layers hold weights that are not rounded here, of another kind or of
            sizes that do not fit the kernels, and they are too many to leave them.
    """
    layers, weights = model.get_decoder().layers, set()
    prefix = next(name for name, module in model.named_modules() if module is layers)
    total = sum(values.numel() for values in layers.parameters())
    left = 0
    for name, module in list(layers.named_modules()):
        if isinstance(module, torch.nn.Linear):
            if rounding.fits(module.out_features, module.in_features):
                layers.set_submodule(name, RoundedLinear(module, rounding))
                weights.add(f"{prefix}.{name}.weight")
            else:
                left += module.weight.numel()
        elif hasattr(module, "is_transposed"):
            weights.update(f"{prefix}.{name}.{each}" for each in _prepare_experts(module, rounding))
        elif any(values.dim() == 3 for values in module.parameters(recurse=False)):
            raise UnsupportedError(f"rounding weights of the kind `{type(module).__name__}`")
    if left > total * _LEFT:
        raise UnsupportedError(f"matrices of these sizes rounded to {rounding.bits} bits")
    return weights


def _prepare_experts(experts: Any, rounding: Rounding) -> list[str]:
    names = [name for name in EXPERT_WEIGHTS if getattr(experts, name, None) is not None]
    for name in names:
        count, rows, columns = getattr(experts, name).shape
        if experts.is_transposed:
            rows, columns = columns, rows
        if not rounding.fits(rows, columns):
            raise UnsupportedError(f"rounding experts of {rows} rows and {columns} columns")
        setattr(experts, name + SCALES, no_scales((count, *rounding.scales(rows, columns))))
    experts.rounding = rounding
    return names
