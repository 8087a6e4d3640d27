"""Tiny GGUFs of several architectures with every tensor that llama.cpp wants, all zeros."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gguf
import numpy as np

LAYERS, HIDDEN, HEADS, KV_HEADS, HEAD, INNER, VOCABULARY = 12, 64, 4, 2, 16, 128, 32

SEQUENCES = 64
"""Recurrent states are kept for each sequence; one alone is too small for the engine's log."""

Shapes = Iterator[tuple[str, tuple[int, ...]]]


def _attention(prefix: str) -> Shapes:
    """Yield the projections, with dimensions in ggml's order."""
    yield prefix + "attn_q.weight", (HIDDEN, HEADS * HEAD)
    yield prefix + "attn_k.weight", (HIDDEN, KV_HEADS * HEAD)
    yield prefix + "attn_v.weight", (HIDDEN, KV_HEADS * HEAD)
    yield prefix + "attn_output.weight", (HEADS * HEAD, HIDDEN)


def _feed_forward(prefix: str) -> Shapes:
    yield prefix + "ffn_gate.weight", (HIDDEN, INNER)
    yield prefix + "ffn_up.weight", (HIDDEN, INNER)
    yield prefix + "ffn_down.weight", (INNER, HIDDEN)


def _norms(prefix: str, *names: str, size: int = HIDDEN) -> Shapes:
    for name in names:
        yield f"{prefix}{name}.weight", (size,)


def _gemma2(prefix: str, _layer: int) -> Shapes:
    yield from _norms(prefix, "attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm")
    yield from _attention(prefix)
    yield from _feed_forward(prefix)


def _gemma3(prefix: str, layer: int) -> Shapes:
    yield from _gemma2(prefix, layer)
    yield from _norms(prefix, "attn_q_norm", "attn_k_norm", size=HEAD)


def _cohere2(prefix: str, _layer: int) -> Shapes:
    yield from _norms(prefix, "attn_norm")
    yield from _attention(prefix)
    yield from _feed_forward(prefix)


def _mamba(prefix: str, _layer: int) -> Shapes:
    inner, state, rank, kernel = 2 * HIDDEN, 16, 4, 4
    yield from _norms(prefix, "attn_norm")
    yield prefix + "ssm_in.weight", (HIDDEN, 2 * inner)
    yield prefix + "ssm_conv1d.weight", (kernel, inner)
    yield prefix + "ssm_conv1d.bias", (inner,)
    yield prefix + "ssm_x.weight", (inner, rank + 2 * state)
    yield prefix + "ssm_dt.weight", (rank, inner)
    yield prefix + "ssm_dt.bias", (inner,)
    yield prefix + "ssm_a", (state, inner)
    yield prefix + "ssm_d", (inner,)
    yield prefix + "ssm_out.weight", (inner, HIDDEN)


LFM2_KV_HEADS = [KV_HEADS if layer % 3 == 2 else 0 for layer in range(LAYERS)]


def _lfm2(prefix: str, layer: int) -> Shapes:
    yield from _norms(prefix, "attn_norm", "ffn_norm")
    yield from _feed_forward(prefix)
    if LFM2_KV_HEADS[layer]:
        yield from _attention(prefix)
        yield from _norms(prefix, "attn_q_norm", "attn_k_norm", size=HEAD)
    else:
        yield prefix + "shortconv.conv.weight", (3, HIDDEN)
        yield prefix + "shortconv.in_proj.weight", (HIDDEN, 3 * HIDDEN)
        yield prefix + "shortconv.out_proj.weight", (HIDDEN, HIDDEN)


RANK, ROPE, NOPE, VALUE = 32, 8, 16, 16


def _deepseek2(prefix: str, _layer: int) -> Shapes:
    yield from _norms(prefix, "attn_norm", "ffn_norm")
    yield from _norms(prefix, "attn_q_a_norm", size=24)
    yield prefix + "attn_q_a.weight", (HIDDEN, 24)
    yield prefix + "attn_q_b.weight", (24, HEADS * (NOPE + ROPE))
    yield prefix + "attn_kv_a_mqa.weight", (HIDDEN, RANK + ROPE)
    yield from _norms(prefix, "attn_kv_a_norm", size=RANK)
    yield prefix + "attn_k_b.weight", (NOPE, RANK, HEADS)
    yield prefix + "attn_v_b.weight", (RANK, VALUE, HEADS)
    yield prefix + "attn_output.weight", (HEADS * VALUE, HIDDEN)
    yield from _feed_forward(prefix)


_ATTENDING: dict[str, Any] = {
    "attention.head_count": HEADS,
    "attention.head_count_kv": KV_HEADS,
    "attention.layer_norm_rms_epsilon": 1e-5,
}

ARCHITECTURES: dict[str, tuple[dict[str, Any], Callable[[str, int], Shapes]]] = {
    "gemma2": ({**_ATTENDING, "attention.sliding_window": 512}, _gemma2),
    "gemma3": ({**_ATTENDING, "attention.sliding_window": 512}, _gemma3),
    "cohere2": (
        {
            **_ATTENDING,
            "attention.sliding_window": 512,
            "attention.layer_norm_epsilon": 1e-5,
            "logit_scale": 1.0,
        },
        _cohere2,
    ),
    "mamba": (
        {
            "attention.head_count": 0,
            "attention.layer_norm_rms_epsilon": 1e-5,
            "ssm.conv_kernel": 4,
            "ssm.inner_size": 2 * HIDDEN,
            "ssm.state_size": 16,
            "ssm.time_step_rank": 4,
        },
        _mamba,
    ),
    "lfm2": (
        {**_ATTENDING, "attention.head_count_kv": LFM2_KV_HEADS, "shortconv.l_cache": 3},
        _lfm2,
    ),
    "deepseek2": (
        {
            **_ATTENDING,
            "attention.head_count_kv": 1,
            "attention.q_lora_rank": 24,
            "attention.kv_lora_rank": RANK,
            "attention.key_length": RANK + ROPE,
            "attention.value_length": RANK,
            "attention.key_length_mla": NOPE + ROPE,
            "attention.value_length_mla": VALUE,
            "rope.dimension_count": ROPE,
            "leading_dense_block_count": LAYERS,
            "expert_count": 0,
            "expert_feed_forward_length": 32,
            "expert_shared_count": 1,
            "expert_weights_scale": 1.0,
        },
        _deepseek2,
    ),
}


def write_architecture(name: str, path: Path) -> Path:
    """Write the architecture's tiny model; return the path."""
    keys, shapes = ARCHITECTURES[name]
    writer = gguf.GGUFWriter(path, name)
    writer.add_block_count(LAYERS)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(INNER)
    writer.add_context_length(65536)
    writer.add_vocab_size(VOCABULARY)
    writer.add_tokenizer_model("none")
    for key, value in keys.items():
        _add(writer, f"{name}.{key}", value)
    norm = "token_embd_norm.weight" if name == "lfm2" else "output_norm.weight"
    tensors = [("token_embd.weight", (HIDDEN, VOCABULARY)), (norm, (HIDDEN,))]
    for layer in range(LAYERS):
        tensors.extend(shapes(f"blk.{layer}.", layer))
    for tensor, shape in tensors:
        writer.add_tensor(tensor, np.zeros(tuple(reversed(shape)), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add(writer: Any, key: str, value: int | float | list[int]) -> None:
    if isinstance(value, list):
        writer.add_array(key, value)
    elif isinstance(value, float):
        writer.add_float32(key, value)
    else:
        writer.add_uint32(key, value)
