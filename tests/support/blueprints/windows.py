"""Models that mix layers with and without a window."""

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

_GEMMA2_9B = Sizes(3584, 16, 8, 256, 14_336, 256_000)
_GEMMA3_4B = Sizes(2560, 8, 4, 256, 10_240, 262_208)
_GEMMA3N_E4B = Sizes(2048, 8, 2, 256, 16_384, 262_400)
_GPT_OSS_20B = Sizes(2880, 64, 8, 64, 2880, 201_088, experts=32, used=4)
_SCOUT = Sizes(5120, 40, 8, 128, 8192, 202_048, experts=16, used=1, shared=8192)
_ALTUP, _PER_LAYER, _LAUREL = 4, 256, 64


def _gemma_layer(sizes: Sizes) -> list[Tensor]:
    names = ("attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm")
    return [
        *norms(sizes.hidden, *names),
        *attention(sizes),
        *feed_forward(sizes.hidden, sizes.inner),
    ]


def gemma2(layers: int = 42) -> Blueprint:
    """Return Gemma 2 9B: every other layer has a window of 4,096; scores are capped."""
    sizes = _GEMMA2_9B
    return blueprint(
        "gemma2",
        "huggingface.co/google/gemma-2-9b",
        {
            **common_keys(sizes),
            "attention.sliding_window": 4096,
            "attn_logit_softcapping": 50.0,
            "final_logit_softcapping": 30.0,
        },
        [_gemma_layer(sizes)] * layers,
        ends(sizes, tied=True),
    )


def gemma3(layers: int = 34) -> Blueprint:
    """Return Gemma 3 4B: five layers of six have a window of 1,024."""
    sizes = _GEMMA3_4B
    return blueprint(
        "gemma3",
        "huggingface.co/google/gemma-3-4b-it",
        {**common_keys(sizes), "attention.sliding_window": 1024},
        [[*_gemma_layer(sizes), *head_norms(sizes)]] * layers,
        ends(sizes, tied=True),
    )


def gemma3n(layers: int = 35) -> Blueprint:
    """Return Gemma 3n E4B: the layers from the 21st on read the caches of earlier ones."""
    sizes = _GEMMA3N_E4B
    hidden = sizes.hidden
    layer: list[Tensor] = [
        *_gemma_layer(sizes),
        *head_norms(sizes),
        *norms(hidden, "post_norm", "altup_correct_scale", "altup_router_norm", "laurel_post_norm"),
        ("inp_gate.weight", (hidden, _PER_LAYER)),
        ("proj.weight", (_PER_LAYER, hidden)),
        ("altup_correct_coef.weight", (_ALTUP, _ALTUP)),
        ("altup_predict_coef.weight", (_ALTUP, _ALTUP * _ALTUP)),
        ("altup_router.weight", (hidden, _ALTUP)),
        ("laurel_l.weight", (hidden, _LAUREL)),
        ("laurel_r.weight", (_LAUREL, hidden)),
    ]
    return blueprint(
        "gemma3n",
        "huggingface.co/google/gemma-3n-E4B-it",
        {**common_keys(sizes), "attention.sliding_window": 512},
        [layer] * layers,
        [
            *ends(sizes, tied=True),
            ("altup_proj.weight", (hidden, hidden, _ALTUP - 1)),
            ("altup_unembd_proj.weight", (hidden, hidden, _ALTUP - 1)),
            ("per_layer_token_embd.weight", (_PER_LAYER * layers, sizes.vocabulary)),
            ("per_layer_model_proj.weight", (hidden, _PER_LAYER * layers)),
            ("per_layer_proj_norm.weight", (_PER_LAYER,)),
        ],
    )


def gpt_oss(layers: int = 24) -> Blueprint:
    """Return gpt-oss 20B: every other layer has a window of 128; a mixture with biases."""
    sizes = _GPT_OSS_20B
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
