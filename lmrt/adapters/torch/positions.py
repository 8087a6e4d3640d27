"""How far positions go, and that none of them means one thing now and another later.

Two kinds of rotary embeddings look at the longest position of a forward pass, so that one sequence
would change what another means, and a text what its own cached start means. They are fixed when the
model is loaded:

- `longrope` has factors for short and for long contexts: those of the planned context are taken,
  as llama.cpp does
- `dynamic` stretches beyond the trained length: only contexts within it can be loaded

Learned positions end where their table ends.
"""

from typing import Any

import torch

from lmrt.adapters.torch.errors import UnsupportedError

_FIXED = "fixed"


def check_positions(model: Any, context_length: int) -> None:
    """Refuse a context that is longer than the table of positions that a model has learned.

    Raises:
        UnsupportedError: It is.
    """
    learned = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    words = model.get_input_embeddings()
    for module in model.modules():
        if not isinstance(module, torch.nn.Embedding) or module is words:
            continue
        if module.num_embeddings == learned and learned < context_length:
            raise UnsupportedError(f"positions beyond the {learned:,} that it has learned")


def fix_rope(model: Any, context_length: int) -> None:
    """Fix the rotary embeddings of a model for a context of so many tokens.

    Raises:
        UnsupportedError: They would have to change inside of that context.
    """
    for module in model.modules():
        kind = getattr(module, "rope_type", None)
        if isinstance(kind, dict):
            module.rope_type = {
                layer: _fixed(module, each, context_length, layer) for layer, each in kind.items()
            }
        elif isinstance(kind, str):
            module.rope_type = _fixed(module, kind, context_length, None)


def _fixed(module: Any, kind: str, context_length: int, layer: str | None) -> str:
    if "dynamic" in kind:
        trained = int(module.original_max_seq_len)
        if context_length > trained:
            raise UnsupportedError(
                f"a rotary embedding that changes beyond {trained:,} tokens (`{kind}`)"
            )
        return _FIXED
    if kind == "longrope":
        _choose_factors(module, context_length, layer)
        return _FIXED
    return kind


def _choose_factors(module: Any, context_length: int, layer: str | None) -> None:
    """Let the engine itself choose the factors, by asking for the last position."""
    buffer = module.inv_freq if layer is None else getattr(module, f"{layer}_inv_freq")
    last = torch.tensor([[context_length - 1]], device=buffer.device)
    module(buffer, last, **({} if layer is None else {"layer_type": layer}))
