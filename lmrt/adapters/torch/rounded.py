"""Layers whose matrices are rounded."""

from typing import Any

import torch

from lmrt.adapters.torch.rounding import Rounding

SCALES = "_scales"
"""Follows a weight's name in the name of its scales."""

EXPERT_WEIGHTS = ("gate_up_proj", "up_proj", "down_proj")
"""Names of the engine's matrices of all experts, each (experts, rows, columns)."""


class RoundedLinear(torch.nn.Module):
    """Takes the place of a linear layer.

    Args:
        linear: The layer, without data yet.
        rounding: How it is rounded.

    Attributes:
        rounding: As above.
    """

    def __init__(self, linear: torch.nn.Linear, rounding: Rounding) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.weight, self.bias = linear.weight, linear.bias
        self.weight_scales = no_scales(rounding.scales(self.out_features, self.in_features))
        self.rounding = rounding

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the products."""
        rows = inputs.reshape(-1, self.in_features)
        found = self.rounding.product(rows, (self.weight, self.weight_scales))
        if self.bias is not None:
            found = found + self.bias
        return found.reshape(*inputs.shape[:-1], self.out_features)


def no_scales(shape: tuple[int, ...]) -> torch.nn.Parameter:
    """Return a place for scales that are to come."""
    return torch.nn.Parameter(torch.empty(shape, device="meta"), requires_grad=False)


def rounded_experts(
    experts: Any, states: torch.Tensor, chosen: torch.Tensor, shares: torch.Tensor
) -> torch.Tensor:
    """Return the weighted sums of what each row's experts make of it; the engine's interface.

    Args:
        experts: The engine's module, its matrices rounded.
        states: (rows, columns).
        chosen: Numbers of each row's experts, (rows, experts of a row).
        shares: Their weights, as `chosen`.
    """
    found = torch.zeros_like(states)
    first, activate = ("gate_up_proj", experts._apply_gate)  # noqa: SLF001 - the engine's own
    if not experts.has_gate:
        first, activate = "up_proj", experts.act_fn
    for number in sorted(set(chosen.flatten().tolist())):
        rows, place = torch.where(chosen == number)
        inner = activate(_expert_product(experts, first, number, states[rows]))
        outer = _expert_product(experts, "down_proj", number, inner)
        if experts.has_post_expert_norm:
            outer = experts.post_expert_norm(outer)
        found.index_add_(0, rows, outer * shares[rows, place, None].to(outer.dtype))
    return found


def _expert_product(experts: Any, name: str, number: int, states: torch.Tensor) -> torch.Tensor:
    weight, scales = getattr(experts, name)[number], getattr(experts, name + SCALES)[number]
    found: torch.Tensor = experts.rounding.product(states, (weight, scales))
    if experts.has_bias:
        found = found + getattr(experts, f"{name}_bias")[number]
    return found
