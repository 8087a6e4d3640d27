"""Models that mix layers with and without a window."""

from tests.support.blueprints.blueprint import Blueprint, Tensor, blueprint
from tests.support.blueprints.parts import (
    Sizes,
    attention,
    common_keys,
    ends,
    experts,
    norms,
)

_GPT_OSS_20B = Sizes(2880, 64, 8, 64, 2880, 201_088, experts=32, used=4)
_SCOUT = Sizes(5120, 40, 8, 128, 8192, 202_048, experts=16, used=1, shared=8192)


def gpt_oss(layers: int = 24, sizes: Sizes = _GPT_OSS_20B) -> Blueprint:
    """Return gpt-oss 20B, or 120B: every other layer has a window of 128; a mixture with biases."""
    hidden, inner, count = sizes.hidden, sizes.inner, sizes.experts
    layer: list[Tensor] = [
        *norms(hidden, "attn_norm", "post_attention_norm"),
        *attention(sizes, biased=True),
        ("attn_output.bias", (hidden,)),
        *norms(sizes.heads, "attn_sinks"),
        *experts(sizes),
        ("ffn_gate_inp.bias", (count,)),
        ("ffn_gate_exps.bias", (inner, count)),
        ("ffn_up_exps.bias", (inner, count)),
        ("ffn_down_exps.bias", (hidden, count)),
    ]
    return blueprint(
        "gpt-oss",
        "huggingface.co/openai/gpt-oss-20b",
        {**common_keys(sizes), "attention.sliding_window": 128},
        [layer] * layers,
        ends(sizes),
    )


def llama4(layers: int = 48) -> Blueprint:
    """Return Llama 4 Scout: three layers of four look at chunks of 8,192."""
    sizes = _SCOUT
    layer = [*norms(sizes.hidden, "attn_norm", "ffn_norm"), *attention(sizes), *experts(sizes)]
    return blueprint(
        "llama4",
        "huggingface.co/meta-llama/Llama-4-Scout-17B-16E",
        {**common_keys(sizes), "interleave_moe_layer_step": 1},
        [layer] * layers,
        ends(sizes),
    )
