"""Parts that many architectures share; sizes are in ggml's order, the rows' length first."""

from collections.abc import Iterator

from attrs import frozen

from tests.support.blueprints.blueprint import Tensor, Value


@frozen
class Sizes:
    """What most layers are made of.

    Attributes:
        hidden: Elements of the residual stream.
        heads: Query heads.
        kv_heads: Heads of keys and values.
        head: Elements of one head.
        inner: Elements inside the feed-forward block; in a mixture, of one expert.
        vocabulary: Tokens.
        experts: Experts, 0 for none.
        used: Experts that one token passes through.
        shared: Elements inside the expert that every token passes through.
    """

    hidden: int
    heads: int
    kv_heads: int
    head: int
    inner: int
    vocabulary: int
    experts: int = 0
    used: int = 0
    shared: int = 0


def common_keys(sizes: Sizes) -> dict[str, Value]:
    """Return the keys that nearly every architecture has."""
    keys: dict[str, Value] = {
        "embedding_length": sizes.hidden,
        "feed_forward_length": sizes.inner,
        "vocab_size": sizes.vocabulary,
        "attention.head_count": sizes.heads,
        "attention.head_count_kv": sizes.kv_heads,
        "attention.key_length": sizes.head,
        "attention.value_length": sizes.head,
        "attention.layer_norm_rms_epsilon": 1e-5,
        "rope.dimension_count": sizes.head,
    }
    return keys | expert_keys(sizes)


def expert_keys(sizes: Sizes) -> dict[str, Value]:
    """Return the keys of a mixture of experts."""
    if not sizes.experts:
        return {}
    keys: dict[str, Value] = {
        "expert_count": sizes.experts,
        "expert_used_count": sizes.used,
        "expert_feed_forward_length": sizes.inner,
    }
    if sizes.shared:
        keys["expert_shared_feed_forward_length"] = sizes.shared
    return keys


def ends(sizes: Sizes, *, tied: bool = False, norm: str = "output_norm") -> Iterator[Tensor]:
    """Yield the embedding, the last norm and, unless it is tied, the head."""
    yield "token_embd.weight", (sizes.hidden, sizes.vocabulary)
    yield f"{norm}.weight", (sizes.hidden,)
    if not tied:
        yield "output.weight", (sizes.hidden, sizes.vocabulary)


def norms(size: int, *names: str) -> Iterator[Tensor]:
    """Yield norms of one size."""
    for name in names:
        yield f"{name}.weight", (size,)


def attention(sizes: Sizes, *, biased: bool = False) -> Iterator[Tensor]:
    """Yield the projections."""
    queries, cached = sizes.heads * sizes.head, sizes.kv_heads * sizes.head
    for name, wide in (("attn_q", queries), ("attn_k", cached), ("attn_v", cached)):
        yield f"{name}.weight", (sizes.hidden, wide)
        if biased:
            yield f"{name}.bias", (wide,)
    yield "attn_output.weight", (queries, sizes.hidden)


def head_norms(sizes: Sizes) -> Iterator[Tensor]:
    """Yield the norms of queries and keys."""
    return norms(sizes.head, "attn_q_norm", "attn_k_norm")


def feed_forward(hidden: int, inner: int, suffix: str = "") -> Iterator[Tensor]:
    """Yield a gated feed-forward block."""
    yield f"ffn_gate{suffix}.weight", (hidden, inner)
    yield f"ffn_up{suffix}.weight", (hidden, inner)
    yield f"ffn_down{suffix}.weight", (inner, hidden)


def experts(sizes: Sizes) -> Iterator[Tensor]:
    """Yield a mixture of experts, with its shared one."""
    hidden, inner, count = sizes.hidden, sizes.inner, sizes.experts
    yield "ffn_gate_inp.weight", (hidden, count)
    yield "ffn_gate_exps.weight", (hidden, inner, count)
    yield "ffn_up_exps.weight", (hidden, inner, count)
    yield "ffn_down_exps.weight", (inner, hidden, count)
    if sizes.shared:
        yield from feed_forward(hidden, sizes.shared, "_shexp")
