"""Mixtures of experts whose layers all look at the whole context."""

from tests.support.blueprints.blueprint import Blueprint, Tensor, blueprint
from tests.support.blueprints.parts import (
    Sizes,
    attention,
    common_keys,
    ends,
    experts,
    feed_forward,
    head_norms,
    norms,
)

_QWEN3_30B = Sizes(2048, 32, 4, 128, 768, 151_936, experts=128, used=8)
_DEEPSEEK_LITE = Sizes(2048, 16, 1, 576, 1408, 102_400, experts=64, used=6, shared=2816)
_RANK, _ROPE, _NOPE, _VALUE, _DENSE_INNER = 512, 64, 128, 128, 10_944


def qwen3moe(layers: int = 48) -> Blueprint:
    """Return Qwen3 30B-A3B."""
    sizes = _QWEN3_30B
    layer = [
        *norms(sizes.hidden, "attn_norm", "ffn_norm"),
        *attention(sizes),
        *head_norms(sizes),
        *experts(sizes),
    ]
    return blueprint(
        "qwen3moe",
        "huggingface.co/Qwen/Qwen3-30B-A3B",
        # The header's feed-forward size is that of no layer.
        {**common_keys(sizes), "feed_forward_length": 6144},
        [layer] * layers,
        ends(sizes),
    )


def deepseek2(layers: int = 27) -> Blueprint:
    """Return DeepSeek-V2-Lite: latent attention, the first layer dense."""
    sizes = _DEEPSEEK_LITE
    hidden, heads = sizes.hidden, sizes.heads
    mixing: list[Tensor] = [
        *norms(hidden, "attn_norm", "ffn_norm"),
        *norms(_RANK, "attn_kv_a_norm"),
        ("attn_q.weight", (hidden, heads * (_NOPE + _ROPE))),
        ("attn_kv_a_mqa.weight", (hidden, _RANK + _ROPE)),
        ("attn_k_b.weight", (_NOPE, _RANK, heads)),
        ("attn_v_b.weight", (_RANK, _VALUE, heads)),
        ("attn_output.weight", (heads * _VALUE, hidden)),
    ]
    first = [*mixing, *feed_forward(hidden, _DENSE_INNER)]
    return blueprint(
        "deepseek2",
        "huggingface.co/deepseek-ai/DeepSeek-V2-Lite",
        {
            **common_keys(sizes),
            "feed_forward_length": _DENSE_INNER,
            "leading_dense_block_count": 1,
            "expert_shared_count": 2,
            "expert_weights_scale": 1.0,
            "expert_gating_func": 1,
            "attention.kv_lora_rank": _RANK,
            "attention.value_length": _RANK,
            "attention.key_length_mla": _NOPE + _ROPE,
            "attention.value_length_mla": _VALUE,
            "rope.dimension_count": _ROPE,
        },
        [first, *[[*mixing, *experts(sizes)]] * (layers - 1)],
        ends(sizes),
    )
