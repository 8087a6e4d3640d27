"""Dense models whose layers all look at the whole context."""

from tests.support.blueprints.blueprint import Blueprint, Tensor, blueprint
from tests.support.blueprints.parts import (
    Sizes,
    attention,
    common_keys,
    ends,
    feed_forward,
    head_norms,
    norms,
)

_LLAMA_8B = Sizes(4096, 32, 8, 128, 14_336, 128_256)
_MISTRAL_7B = Sizes(4096, 32, 8, 128, 14_336, 32_000)
_QWEN2_7B = Sizes(3584, 28, 4, 128, 18_944, 152_064)
_QWEN3_4B = Sizes(2560, 32, 8, 128, 9728, 151_936)
_GEMMA_2B = Sizes(2048, 8, 1, 256, 16_384, 256_000)
_PHI3_MINI = Sizes(3072, 32, 32, 96, 8192, 32_064)


def _plain(sizes: Sizes, *, biased: bool = False) -> list[Tensor]:
    return [
        *norms(sizes.hidden, "attn_norm", "ffn_norm"),
        *attention(sizes, biased=biased),
        *feed_forward(sizes.hidden, sizes.inner),
    ]


def llama(layers: int = 32, sizes: Sizes = _LLAMA_8B, *, tied: bool = False) -> Blueprint:
    """Return Llama 3.1 8B: grouped queries; or another model of its build."""
    return blueprint(
        "llama",
        "huggingface.co/meta-llama/Llama-3.1-8B",
        common_keys(sizes),
        [_plain(sizes)] * layers,
        ends(sizes, tied=tied),
    )


def mistral(layers: int = 32) -> Blueprint:
    """Return Mistral 7B v0.1, whose window llama.cpp does not keep."""
    sizes = _MISTRAL_7B
    return blueprint(
        "llama",
        "huggingface.co/mistralai/Mistral-7B-v0.1",
        {**common_keys(sizes), "attention.sliding_window": 4096},
        [_plain(sizes)] * layers,
        ends(sizes),
    )


def qwen2(layers: int = 28, sizes: Sizes = _QWEN2_7B) -> Blueprint:
    """Return Qwen2.5 7B, or another size."""
    return blueprint(
        "qwen2",
        "huggingface.co/Qwen/Qwen2.5-7B",
        common_keys(sizes),
        [_plain(sizes, biased=True)] * layers,
        ends(sizes),
    )


def qwen3(layers: int = 36, sizes: Sizes = _QWEN3_4B, *, tied: bool = True) -> Blueprint:
    """Return Qwen3 4B: wider heads than the residual stream, a tied head; or another size."""
    return blueprint(
        "qwen3",
        "huggingface.co/Qwen/Qwen3-4B",
        common_keys(sizes),
        [[*_plain(sizes), *head_norms(sizes)]] * layers,
        ends(sizes, tied=tied),
    )


def gemma(layers: int = 18) -> Blueprint:
    """Return Gemma 2B: one head of keys and values for all queries."""
    sizes = _GEMMA_2B
    return blueprint(
        "gemma",
        "huggingface.co/google/gemma-2b",
        common_keys(sizes),
        [_plain(sizes)] * layers,
        ends(sizes, tied=True),
    )


def phi3(layers: int = 32) -> Blueprint:
    """Return Phi-3 mini: a head of keys and values for each of queries, fused projections."""
    sizes = _PHI3_MINI
    hidden, inner = sizes.hidden, sizes.inner
    layer: list[Tensor] = [
        *norms(hidden, "attn_norm", "ffn_norm"),
        ("attn_qkv.weight", (hidden, 3 * hidden)),
        ("attn_output.weight", (hidden, hidden)),
        ("ffn_up.weight", (hidden, 2 * inner)),
        ("ffn_down.weight", (inner, hidden)),
    ]
    return blueprint(
        "phi3",
        "huggingface.co/microsoft/Phi-3-mini-4k-instruct",
        {
            **common_keys(sizes),
            "attention.sliding_window": 2047,
            "rope.scaling.original_context_length": 4096,
        },
        [layer] * layers,
        ends(sizes),
    )
