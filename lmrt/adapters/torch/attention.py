"""Attention over the pool: the function that the engine calls in each of its layers."""

from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention

from lmrt.adapters.torch.errors import UnsupportedError
from lmrt.adapters.torch.masks import View, Views

FEW_ROWS = 16
"""Up to here the heads that share keys become rows of one product, with a copy of the mask each."""

_SCORES = 1 << 24
"""Most scores that are held at once where they are computed one by one."""

_KNOWN = frozenset(
    {"position_ids", "position_embeddings", "use_cache", "sliding_window", "is_causal"}
    | {"output_attentions", "output_hidden_states", "output_router_logits", "logits_to_keep"}
)
"""What the engine hands over and what changes nothing here: the views say who looks at whom."""


def attend(
    module: Any,  # noqa: ARG001 - the engine's interface
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: Views,
    scaling: float | None = None,
    dropout: float = 0.0,  # noqa: ARG001 - nothing is trained here
    softcap: float | None = None,
    s_aux: torch.Tensor | None = None,
    **others: Any,
) -> tuple[torch.Tensor, None]:
    """Return the attention of a step's rows.

    Args:
        module: The layer.
        query: (1, heads, rows, head size).
        key: Of the cells in use, (1, key heads, cells, head size).
        value: As `key`; its head size may differ.
        attention_mask: What the rows look at.
        scaling: Factor of the scores, or None for one over the root of the head size.
        dropout: Not used.
        softcap: Limit that the scores approach (Gemma 2), or None.
        s_aux: A score for each head that takes its share and adds nothing (GPT-OSS), or None.
        others: What else the engine hands over.

    Returns:
        (1, rows, heads, value size), and None for the weights.

    Raises:
        UnsupportedError: The model asks for something else too.
    """
    strange = [name for name in others.keys() - _KNOWN if others[name] is not None]
    if strange or not isinstance(attention_mask, tuple):
        raise UnsupportedError(f"attention with `{', '.join(sorted(strange)) or 'no mask'}`")
    if scaling is None:
        scaling = query.shape[-1] ** -0.5
    found = []
    for view in attention_mask:
        rows = query[:, :, view.start : view.end]
        keys, values = key[:, :, view.low : view.high], value[:, :, view.low : view.high]
        if softcap is None and s_aux is None:
            found.append(_fused(rows, keys, values, view, scaling))
        else:
            found.append(_plain(rows, keys, values, view, scaling, softcap, s_aux))
    whole = found[0] if len(found) == 1 else torch.cat(found, dim=2)
    return whole.transpose(1, 2).contiguous(), None


def _fused(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, view: View, scaling: float
) -> torch.Tensor:
    heads, key_heads, rows = query.shape[1], key.shape[1], query.shape[2]
    shared = heads // key_heads
    if view.causal:
        return scaled_dot_product_attention(
            query, key, value, is_causal=True, scale=scaling, enable_gqa=shared > 1
        )
    if shared == 1:
        return scaled_dot_product_attention(
            query, key, value, view.mask_on(query.device), scale=scaling
        )
    if rows <= FEW_ROWS:
        folded = query.reshape(1, key_heads, shared * rows, -1)
        found = scaled_dot_product_attention(
            folded, key, value, view.mask_on(query.device, shared), scale=scaling
        )
        return found.reshape(1, heads, rows, -1)
    # Heads that share keys become a batch of their own, so that nothing is repeated.
    size = (key_heads, shared, -1, -1)
    found = scaled_dot_product_attention(
        query.reshape(key_heads, shared, rows, -1),
        key[0, :, None].expand(size),
        value[0, :, None].expand(size),
        view.mask_on(query.device),
        scale=scaling,
    )
    return found.reshape(1, heads, rows, -1)


def _plain(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    view: View,
    scaling: float,
    softcap: float | None,
    sinks: torch.Tensor | None,
) -> torch.Tensor:
    heads, key_heads, rows, cells = query.shape[1], key.shape[1], query.shape[2], key.shape[2]
    shared = heads // key_heads
    folded = query.reshape(key_heads, shared, rows, -1)
    mask = view.mask_on(query.device)
    if mask is None and view.causal:
        mask = torch.ones(rows, cells, dtype=torch.bool, device=query.device).tril()[None, None]
    piece = max(1, _SCORES // (heads * cells))
    found = []
    for start in range(0, rows, piece):
        some = folded[:, :, start : start + piece].reshape(key_heads, -1, query.shape[-1])
        scores = (some @ key[0].mT).reshape(key_heads, shared, -1, cells).float() * scaling
        if softcap is not None:
            scores = torch.tanh(scores / softcap) * softcap
        if mask is not None:
            scores = scores.masked_fill(~mask[:, :, start : start + piece], -torch.inf)
        weights = _softmax(scores, sinks).to(value.dtype)
        some = weights.reshape(key_heads, -1, cells) @ value[0]
        found.append(some.reshape(1, heads, -1, value.shape[-1]))
    return found[0] if len(found) == 1 else torch.cat(found, dim=2)


def _softmax(scores: torch.Tensor, sinks: torch.Tensor | None) -> torch.Tensor:
    if sinks is None:
        return scores.softmax(-1)
    extra = sinks.float().reshape(*scores.shape[:2], 1, 1).expand(*scores.shape[:3], 1)
    return torch.cat((scores, extra), -1).softmax(-1)[..., :-1]
