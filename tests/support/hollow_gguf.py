"""GGUF files with real headers and no data: large models that take no disk space."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import gguf
import numpy as np

from lmrt.domain.models import ArchitectureShape, FullAttention, SlidingAttention

TRAINED = 1 << 20
_ALIGNMENT = 32


def write_hollow(path: Path, architecture: str, shape: ArchitectureShape, expert: int = 0) -> None:
    """Write a model of f16 matrices and f32 norms, with zeros that are not stored.

    Args:
        path: The file.
        architecture: `llama`, `gemma3` or `qwen3moe`.
        shape: Its sizes; all layers have the same heads.
        expert: Inner elements of one expert, in a mixture of experts.
    """
    writer = gguf.GGUFWriter(path, architecture)
    layer = shape.layers[0]
    assert isinstance(layer, FullAttention | SlidingAttention)
    writer.add_block_count(len(shape.layers))
    writer.add_context_length(TRAINED)
    writer.add_embedding_length(shape.hidden_size)
    writer.add_feed_forward_length(shape.feed_forward_size)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(layer.kv_heads)
    writer.add_key_length(layer.key_size)
    writer.add_value_length(layer.value_size)
    writer.add_rope_dimension_count(layer.key_size)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(shape.vocabulary_size)
    writer.add_tokenizer_model("no_vocab")
    if isinstance(layer, SlidingAttention):
        writer.add_sliding_window(layer.window)
    if shape.experts:
        writer.add_expert_count(shape.experts)
        writer.add_expert_used_count(shape.experts_used)
        writer.add_expert_feed_forward_length(expert)
    stored = 0
    for name, size in tensors(architecture, shape, layer, expert):
        kind = np.dtype(np.float32 if len(size) == 1 else np.float16)
        count = int(np.prod(size)) * kind.itemsize
        writer.add_tensor_info(name, size, kind, count)
        stored += -(-count // _ALIGNMENT) * _ALIGNMENT
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    header = -(-path.stat().st_size // _ALIGNMENT) * _ALIGNMENT
    os.truncate(path, header + stored)


def tensors(
    architecture: str,
    shape: ArchitectureShape,
    layer: FullAttention | SlidingAttention,
    expert: int,
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the name and the size of every tensor."""
    hidden, gemma = shape.hidden_size, architecture == "gemma3"
    yield "token_embd.weight", (shape.vocabulary_size, hidden)
    yield "output_norm.weight", (hidden,)
    if not gemma:
        yield "output.weight", (shape.vocabulary_size, hidden)
    parts: dict[str, tuple[int, ...]] = {
        "attn_norm": (hidden,),
        "attn_q": (shape.heads * layer.key_size, hidden),
        "attn_k": (layer.kv_heads * layer.key_size, hidden),
        "attn_v": (layer.kv_heads * layer.value_size, hidden),
        "attn_output": (hidden, shape.heads * layer.value_size),
        "ffn_norm": (hidden,),
        **_feed_forward(shape, expert),
    }
    if gemma:
        parts |= {"post_attention_norm": (hidden,), "post_ffw_norm": (hidden,)}
    if gemma or shape.experts:
        parts |= {"attn_q_norm": (layer.key_size,), "attn_k_norm": (layer.key_size,)}
    for number in range(len(shape.layers)):
        for name, size in parts.items():
            yield f"blk.{number}.{name}.weight", size


def _feed_forward(shape: ArchitectureShape, expert: int) -> Mapping[str, tuple[int, ...]]:
    hidden, inner, experts = shape.hidden_size, shape.feed_forward_size, shape.experts
    if not experts:
        return {"ffn_gate": (inner, hidden), "ffn_up": (inner, hidden), "ffn_down": (hidden, inner)}
    return {
        "ffn_gate_inp": (experts, hidden),
        "ffn_gate_exps": (experts, expert, hidden),
        "ffn_up_exps": (experts, expert, hidden),
        "ffn_down_exps": (experts, hidden, expert),
    }
