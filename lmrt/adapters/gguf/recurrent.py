"""Layers whose memory does not grow: state spaces, short convolutions, linear attention.

The sizes are those of `llama_hparams::n_embd_r` and `n_embd_s` (src/llama-hparams.cpp).
"""

from collections.abc import Sequence

from lmrt.adapters.gguf.metadata import Metadata
from lmrt.domain.models import RecurrentState

_ALL_RECURRENT = frozenset({"mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7"})
_INTERVAL = {"qwen3next": 4, "qwen35": 4, "qwen35moe": 4}
"""Architectures where one layer in so many, the last, attends; the others are recurrent."""


def without_attention(
    metadata: Metadata, architecture: str, kv_heads: Sequence[int]
) -> tuple[bool, ...]:
    """Return for each layer whether it has no KV cache."""
    if architecture in _ALL_RECURRENT:
        return (True,) * len(kv_heads)
    key = f"{architecture}.attention.recurrent_layers"
    marked = metadata.counts(key) if architecture in _INTERVAL else None
    if isinstance(marked, tuple):
        if len(marked) < len(kv_heads):
            raise metadata.wrong(key, f"{len(marked)} values for {len(kv_heads)} layers")
        return tuple(bool(mark) for mark in marked[: len(kv_heads)])
    if architecture in _INTERVAL:
        interval = metadata.count(f"{architecture}.full_attention_interval")
        interval = interval or _INTERVAL[architecture]
        return tuple((layer + 1) % interval != 0 for layer in range(len(kv_heads)))
    return tuple(heads == 0 for heads in kv_heads)


def attends_beside(architecture: str) -> bool:
    """Return whether every layer both attends and keeps a state."""
    return architecture == "falcon-h1"


def recurrent_state(
    metadata: Metadata, architecture: str, hidden: int, heads: int
) -> RecurrentState:
    """Return one recurrent layer's state.

    Its width counts what the engine computes a token's part from: the projection, the input of the
    convolution and what comes out of it, and the result.

    Args:
        metadata: The file's.
        architecture: Its architecture.
        hidden: Embedding length.
        heads: Query heads.
    """

    def count(key: str, default: int = 0) -> int:
        value = metadata.count(f"{architecture}.{key}")
        return default if value is None else value

    if wkv := count("wkv.head_size"):
        return RecurrentState(hidden * (count("token_shift_count", 2) + wkv), 10 * hidden)
    if cached := count("shortconv.l_cache"):
        return RecurrentState(hidden * (cached - 1), 6 * hidden)
    if kda := count("kda.head_dim"):
        kept = heads * kda * (3 * (count("ssm.conv_kernel", 4) - 1) + kda)
        return RecurrentState(kept, 11 * heads * kda)
    inner, state = count("ssm.inner_size"), count("ssm.state_size")
    convolved = inner + 2 * count("ssm.group_count") * state
    kept = max(count("ssm.conv_kernel") - 1, 0) * convolved + state * inner
    return RecurrentState(kept, (inner + convolved) + 2 * convolved + inner)
