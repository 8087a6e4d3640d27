"""Writes the model as one GGUF file with 32-bit weights."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from attrs import frozen
from gguf import GGUFWriter, LlamaFileType, TokenType
from numpy.typing import NDArray

from guide.shape import Shape
from guide.tokenizer import CHAT_TEMPLATE, Codec

Weights = Mapping[str, NDArray[np.float16]]
OUTER = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
}
INNER = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


@frozen
class About:
    """What the file says of itself.

    Attributes:
        name: Of the model.
        description: One sentence.
        licence: SPDX identifier.
        url: Of the project.
    """

    name: str
    description: str
    licence: str
    url: str


def permute(matrix: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Reorder rows of q or k from the half-split to llama.cpp's interleaved rotary layout."""
    rows = matrix.shape[0] // heads // 2
    split = matrix.reshape(heads, 2, rows, matrix.shape[1])
    return np.ascontiguousarray(split.swapaxes(1, 2).reshape(matrix.shape))


def gguf_tensors(shape: Shape, weights: Weights) -> dict[str, NDArray[np.float32]]:
    """Return the tensors under llama.cpp's names, in its layout."""
    tensors = {new: weights[old].astype(np.float32) for old, new in OUTER.items()}
    for layer in range(shape.layers):
        for old, new in INNER.items():
            tensor = weights[f"model.layers.{layer}.{old}.weight"].astype(np.float32)
            if new == "attn_q":
                tensor = permute(tensor, shape.heads)
            if new == "attn_k":
                tensor = permute(tensor, shape.kv_heads)
            tensors[f"blk.{layer}.{new}.weight"] = tensor
    return tensors


def write_gguf(path: Path, shape: Shape, weights: Weights, codec: Codec, about: About) -> None:
    """Write header, tokenizer, template and tensors."""
    writer = GGUFWriter(str(path), "llama")
    _describe(writer, shape, about)
    _tokenizer(writer, codec)
    for name, tensor in gguf_tensors(shape, weights).items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _describe(writer: GGUFWriter, shape: Shape, about: About) -> None:
    writer.add_type("model")
    writer.add_name(about.name)
    writer.add_description(about.description)
    writer.add_license(about.licence)
    writer.add_url(about.url)
    writer.add_sampling_temp(0.0)
    writer.add_file_type(LlamaFileType.ALL_F32)
    writer.add_block_count(shape.layers)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.hidden)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head)
    writer.add_value_length(shape.head)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_rope_freq_base(shape.rope_theta)
    writer.add_rope_dimension_count(shape.head)
    writer.add_vocab_size(shape.vocabulary)


def _tokenizer(writer: GGUFWriter, codec: Codec) -> None:
    special = {codec.end_of_text, codec.turn_start, codec.turn_end}
    tokens = [codec.tokenizer.id_to_token(index) or "" for index in range(codec.size)]
    kinds = [TokenType.CONTROL if i in special else TokenType.NORMAL for i in range(codec.size)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(codec.merges())
    writer.add_bos_token_id(codec.end_of_text)
    writer.add_eos_token_id(codec.turn_end)
    writer.add_pad_token_id(codec.end_of_text)
    writer.add_add_bos_token(value=False)
    writer.add_chat_template(CHAT_TEMPLATE)
