"""Models with layers whose memory does not grow."""

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

_LFM2_1B = Sizes(2048, 32, 8, 64, 8192, 65_536)
_LFM2_ATTENDS = (2, 5, 8, 10, 12, 14)
_GRANITE_TINY = Sizes(1536, 12, 4, 128, 512, 100_352, experts=64, used=6, shared=1024)
_GRANITE_ATTENDS = (5, 15, 25, 35)
_FALCON_H1 = Sizes(2048, 8, 2, 128, 4096, 65_537)
_QWEN3_NEXT = Sizes(2048, 16, 2, 256, 512, 151_936, experts=512, used=10, shared=512)


def mamba(layers: int = 64) -> Blueprint:
    """Return Mamba 2.8B: no attention at all."""
    hidden, inner, state, rank, kernel, vocabulary = 2560, 5120, 16, 160, 4, 50_280
    layer: list[Tensor] = [
        *norms(hidden, "attn_norm"),
        ("ssm_in.weight", (hidden, 2 * inner)),
        ("ssm_conv1d.weight", (kernel, inner)),
        ("ssm_conv1d.bias", (inner,)),
        ("ssm_x.weight", (inner, rank + 2 * state)),
        ("ssm_dt.weight", (rank, inner)),
        ("ssm_dt.bias", (inner,)),
        ("ssm_a", (state, inner)),
        ("ssm_d", (inner,)),
        ("ssm_out.weight", (inner, hidden)),
    ]
    return blueprint(
        "mamba",
        "huggingface.co/state-spaces/mamba-2.8b-hf",
        {
            "embedding_length": hidden,
            "feed_forward_length": 0,
            "vocab_size": vocabulary,
            "attention.head_count": 0,
            "attention.layer_norm_rms_epsilon": 1e-5,
            "ssm.conv_kernel": kernel,
            "ssm.inner_size": inner,
            "ssm.state_size": state,
            "ssm.time_step_rank": rank,
        },
        [layer] * layers,
        ends(Sizes(hidden, 0, 0, 0, 0, vocabulary), tied=True),
    )


def lfm2(layers: int = 16) -> Blueprint:
    """Return LFM2 1.2B: short convolutions, six layers of sixteen attend."""
    sizes = _LFM2_1B
    hidden = sizes.hidden
    attends = [layer in _LFM2_ATTENDS for layer in range(layers)]
    either: list[Tensor] = [
        *norms(hidden, "attn_norm", "ffn_norm"),
        *feed_forward(hidden, sizes.inner),
    ]
    attending = [*either, *attention(sizes), *head_norms(sizes)]
    convolving: list[Tensor] = [
        *either,
        ("shortconv.conv.weight", (3, hidden)),
        ("shortconv.in_proj.weight", (hidden, 3 * hidden)),
        ("shortconv.out_proj.weight", (hidden, hidden)),
    ]
    return blueprint(
        "lfm2",
        "huggingface.co/LiquidAI/LFM2-1.2B",
        {
            **common_keys(sizes),
            "attention.head_count_kv": [sizes.kv_heads if yes else 0 for yes in attends],
            "shortconv.l_cache": 3,
        },
        [attending if yes else convolving for yes in attends],
        ends(sizes, tied=True, norm="token_embd_norm"),
    )


def _mamba2(hidden: int, inner: int, state: int, heads: int, groups: int) -> list[Tensor]:
    convolved = inner + 2 * groups * state
    return [
        ("ssm_in.weight", (hidden, inner + convolved + heads)),
        ("ssm_conv1d.weight", (4, convolved)),
        ("ssm_conv1d.bias", (convolved,)),
        ("ssm_dt.bias", (heads,)),
        ("ssm_a", (1, heads)),
        ("ssm_d", (1, heads)),
        ("ssm_norm.weight", (inner // groups, groups)),
        ("ssm_out.weight", (inner, hidden)),
    ]


def granite_hybrid(layers: int = 40) -> Blueprint:
    """Return Granite 4.0 H Tiny: Mamba 2, four layers of forty attend, a mixture."""
    sizes = _GRANITE_TINY
    attends = [layer in _GRANITE_ATTENDS for layer in range(layers)]
    either = [*norms(sizes.hidden, "attn_norm", "ffn_norm"), *experts(sizes)]
    scanning = [*either, *_mamba2(sizes.hidden, 3072, 128, 48, 1)]
    return blueprint(
        "granitehybrid",
        "huggingface.co/ibm-granite/granite-4.0-h-tiny",
        {
            **common_keys(sizes),
            "attention.head_count_kv": [sizes.kv_heads if yes else 0 for yes in attends],
            "logit_scale": 6.0,
            "residual_scale": 0.22,
            "embedding_scale": 12.0,
            "attention.scale": 0.0078125,
            **_ssm_keys(3072, 128, 48, 1),
        },
        [[*either, *attention(sizes)] if yes else scanning for yes in attends],
        ends(sizes, tied=True),
    )


def _ssm_keys(inner: int, state: int, heads: int, groups: int) -> dict[str, int]:
    return {
        "ssm.conv_kernel": 4,
        "ssm.inner_size": inner,
        "ssm.state_size": state,
        "ssm.time_step_rank": heads,
        "ssm.group_count": groups,
    }


def falcon_h1(layers: int = 36) -> Blueprint:
    """Return Falcon-H1 1.5B: every layer both attends and scans."""
    sizes = _FALCON_H1
    layer: list[Tensor] = [
        *norms(sizes.hidden, "attn_norm"),
        ("ffn_norm", (sizes.hidden,)),
        *attention(sizes),
        *feed_forward(sizes.hidden, sizes.inner),
        *_mamba2(sizes.hidden, 3072, 256, 48, 1),
    ]
    return blueprint(
        "falcon-h1",
        "huggingface.co/tiiuae/Falcon-H1-1.5B-Base",
        {**common_keys(sizes), **_ssm_keys(3072, 256, 48, 1)},
        [layer] * layers,
        ends(sizes),
    )


def qwen3next(layers: int = 48) -> Blueprint:
    """Return Qwen3-Next 80B-A3B: gated delta nets, every fourth layer attends."""
    sizes = _QWEN3_NEXT
    hidden, size, keys, values = sizes.hidden, 128, 16, 32
    convolved = 2 * keys * size + values * size
    either: list[Tensor] = [
        *norms(hidden, "attn_norm", "post_attention_norm"),
        *experts(sizes),
        ("ffn_gate_inp_shexp.weight", (hidden,)),
    ]
    queries, cached = sizes.heads * sizes.head, sizes.kv_heads * sizes.head
    attending: list[Tensor] = [
        *either,
        *head_norms(sizes),
        ("attn_q.weight", (hidden, 2 * queries)),
        ("attn_k.weight", (hidden, cached)),
        ("attn_v.weight", (hidden, cached)),
        ("attn_output.weight", (queries, hidden)),
    ]
    linear: list[Tensor] = [
        *either,
        *norms(size, "ssm_norm"),
        ("attn_qkv.weight", (hidden, convolved)),
        ("attn_gate.weight", (hidden, values * size)),
        ("ssm_conv1d.weight", (4, convolved)),
        ("ssm_dt.bias", (values,)),
        ("ssm_a", (values,)),
        ("ssm_ba.weight", (hidden, 2 * values)),
        ("ssm_out.weight", (values * size, hidden)),
    ]
    return blueprint(
        "qwen3next",
        "huggingface.co/Qwen/Qwen3-Next-80B-A3B-Instruct",
        {**common_keys(sizes), **_ssm_keys(values * size, size, values, keys)},
        [attending if layer % 4 == 3 else linear for layer in range(layers)],
        ends(sizes),
    )
