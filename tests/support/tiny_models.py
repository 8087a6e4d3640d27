"""Tiny random Llama models, written as a Hugging Face directory and as a GGUF of the same weights.

::

    tiny = TinyModel(layers=3, dtype="F16")
    folder = write_hf(tiny, tmp_path / "tiny")           # config.json, model.safetensors, …
    file = write_gguf(tiny, tmp_path / "tiny-F16.gguf")  # the same weights and tokenizer

The same `TinyModel` gives the same bytes every time. `TinyModel()` has about 140,000 parameters
and is written in well under a second; `BENCHMARK_MODEL` has about 100 million.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

import gguf
import numpy as np
from attrs import frozen
from gguf.quants import quantize
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

CONTROL_TOKENS = ("<|bos|>", "<|eos|>", "<|system|>", "<|user|>", "<|assistant|>")
BOS, EOS = 0, 1

CHAT_TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}"
    "{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
"""Writes BOS itself, as many real templates do although the tokenizer would add one too."""

Array = NDArray[np.float32]
Dtype = Literal["F32", "F16", "Q8_0"]


@frozen(kw_only=True)
class TinyModel:
    """What to write.

    Attributes:
        name: The model's own name, in the GGUF; the folder's name is up to the caller.
        layers: Repeating layers.
        hidden: Embedding length; a multiple of `heads`, and of 32 for Q8_0.
        heads: Query heads; the head's size must be even.
        kv_heads: Key and value heads.
        feed_forward: Inner size of the feed-forward layer; a multiple of 32 for Q8_0.
        vocabulary: Tokens, at least 261; ids beyond what the tokenizer learns are unused.
        context: Trained context, in tokens.
        dtype: Of the matrices; Q8_0 in a GGUF only.
        tied: Whether the output head is the token embedding.
        template: The chat template, or None for a base model.
        seed: Of the weights.
    """

    name: str = "tiny"
    layers: int = 2
    hidden: int = 64
    heads: int = 4
    kv_heads: int = 2
    feed_forward: int = 128
    vocabulary: int = 512
    context: int = 1024
    dtype: Dtype = "F32"
    tied: bool = False
    template: str | None = CHAT_TEMPLATE
    seed: int = 0

    @property
    def head_size(self) -> int:
        """Elements of one head."""
        return self.hidden // self.heads


BENCHMARK_MODEL = TinyModel(
    name="benchmark",
    layers=12,
    hidden=768,
    heads=12,
    kv_heads=4,
    feed_forward=2048,
    vocabulary=16384,
    context=4096,
    dtype="F16",
)
"""About 100 million parameters, 200 MB in F16."""


def weights(model: TinyModel) -> dict[str, Array]:
    """Return the matrices and norms under their Hugging Face names, in 32 bits.

    Where the model is stored in 16 bits they are rounded to them already, so that both files hold
    exactly these numbers (Q8_0 rounds further).
    """
    random = np.random.default_rng(model.seed)
    scale = np.float32(4.0 / np.sqrt(model.hidden))
    result: dict[str, Array] = {}
    for name, shape in _shapes(model):
        drawn = random.standard_normal(shape, dtype=np.float32)
        values = 1 + drawn / 10 if len(shape) == 1 else drawn * scale
        if model.dtype != "F32":
            values = values.astype(np.float16)
        result[name] = values.astype(np.float32)
    return result


def _shapes(model: TinyModel) -> Iterator[tuple[str, tuple[int, ...]]]:
    hidden, inner = model.hidden, model.feed_forward
    kv_size = model.kv_heads * model.head_size
    yield "model.embed_tokens.weight", (model.vocabulary, hidden)
    for layer in range(model.layers):
        prefix = f"model.layers.{layer}."
        yield prefix + "input_layernorm.weight", (hidden,)
        yield prefix + "self_attn.q_proj.weight", (hidden, hidden)
        yield prefix + "self_attn.k_proj.weight", (kv_size, hidden)
        yield prefix + "self_attn.v_proj.weight", (kv_size, hidden)
        yield prefix + "self_attn.o_proj.weight", (hidden, hidden)
        yield prefix + "post_attention_layernorm.weight", (hidden,)
        yield prefix + "mlp.gate_proj.weight", (inner, hidden)
        yield prefix + "mlp.up_proj.weight", (inner, hidden)
        yield prefix + "mlp.down_proj.weight", (hidden, inner)
    yield "model.norm.weight", (hidden,)
    if not model.tied:
        yield "lm_head.weight", (model.vocabulary, hidden)


@cache
def tokenizer(vocabulary: int) -> Tokenizer:
    """Return a byte-level BPE tokenizer (GPT-2's splitting) of at most `vocabulary` tokens."""
    result = Tokenizer(models.BPE())
    result.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    result.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[AddedToken(token, special=True) for token in CONTROL_TOKENS],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    text = (Path(__file__).parents[2] / "LICENSE").read_text("utf-8")
    result.train_from_iterator([text], trainer)
    result.post_processor = processors.TemplateProcessing(
        single="<|bos|> $A", pair="<|bos|> $A $B", special_tokens=[("<|bos|>", BOS)]
    )
    return result


def write_hf(model: TinyModel, folder: Path) -> Path:
    """Write the model as a Hugging Face directory, made where missing; return the folder."""
    if model.dtype == "Q8_0":
        raise ValueError("safetensors hold F32 or F16 here")
    folder.mkdir(parents=True, exist_ok=True)
    stored = np.float16 if model.dtype == "F16" else np.float32
    tensors = {name: values.astype(stored) for name, values in weights(model).items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    tokenizer(model.vocabulary).save(str(folder / "tokenizer.json"))
    _write_json(folder / "config.json", _config(model))
    _write_json(folder / "generation_config.json", {"bos_token_id": BOS, "eos_token_id": EOS})
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": CONTROL_TOKENS[BOS],
            "eos_token": CONTROL_TOKENS[EOS],
            "add_bos_token": True,
            "clean_up_tokenization_spaces": False,
            "model_max_length": model.context,
        },
    )
    if model.template is not None:
        (folder / "chat_template.jinja").write_text(model.template, "utf-8")
    return folder


def _config(model: TinyModel) -> dict[str, Any]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "dtype": "float16" if model.dtype == "F16" else "float32",
        "hidden_size": model.hidden,
        "intermediate_size": model.feed_forward,
        "num_hidden_layers": model.layers,
        "num_attention_heads": model.heads,
        "num_key_value_heads": model.kv_heads,
        "head_dim": model.head_size,
        "hidden_act": "silu",
        "max_position_embeddings": model.context,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "vocab_size": model.vocabulary,
        "tie_word_embeddings": model.tied,
        "bos_token_id": BOS,
        "eos_token_id": EOS,
    }


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2), "utf-8")


_GGUF_NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
}
_FILE_TYPES = {
    "F32": gguf.LlamaFileType.ALL_F32,
    "F16": gguf.LlamaFileType.MOSTLY_F16,
    "Q8_0": gguf.LlamaFileType.MOSTLY_Q8_0,
}


def write_gguf(model: TinyModel, path: Path, **writer_options: Any) -> Path:
    """Write the model as one GGUF, its folder made where missing; return the path.

    Args:
        model: What to write.
        path: The file.
        writer_options: Passed to `gguf.GGUFWriter`, such as `split_max_tensors=4`, which writes
            `NAME-00001-of-0000N.gguf` and so on in place of the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, "llama", **writer_options)
    _add_sizes(writer, model)
    _add_tokenizer(writer, model)
    for name, values in weights(model).items():
        _add_tensor(writer, model, name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_sizes(writer: Any, model: TinyModel) -> None:
    writer.add_name(model.name)
    writer.add_file_type(_FILE_TYPES[model.dtype])
    writer.add_block_count(model.layers)
    writer.add_context_length(model.context)
    writer.add_embedding_length(model.hidden)
    writer.add_feed_forward_length(model.feed_forward)
    writer.add_head_count(model.heads)
    writer.add_head_count_kv(model.kv_heads)
    writer.add_key_length(model.head_size)
    writer.add_value_length(model.head_size)
    writer.add_rope_dimension_count(model.head_size)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(model.vocabulary)


def _add_tokenizer(writer: Any, model: TinyModel) -> None:
    learned = json.loads(tokenizer(model.vocabulary).to_str())["model"]
    texts = {token: text for text, token in learned["vocab"].items()}
    tokens, kinds = [], []
    for token in range(model.vocabulary):
        tokens.append(texts.get(token, f"[PAD{token}]"))
        if token < len(CONTROL_TOKENS):
            kinds.append(gguf.TokenType.CONTROL)
        else:
            kinds.append(gguf.TokenType.NORMAL if token in texts else gguf.TokenType.UNUSED)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(pair) for pair in learned["merges"]])
    writer.add_bos_token_id(BOS)
    writer.add_eos_token_id(EOS)
    writer.add_add_bos_token(True)
    if model.template is not None:
        writer.add_chat_template(model.template)


def _add_tensor(writer: Any, model: TinyModel, name: str, values: Array) -> None:
    if "q_proj" in name:
        values = _interleaved(values, model.heads)
    if "k_proj" in name:
        values = _interleaved(values, model.kv_heads)
    stem = name.removesuffix(".weight")
    for long, short in _GGUF_NAMES.items():
        stem = stem.replace(long, short)
    stem = stem.replace("model.layers.", "blk.") + ".weight"
    if values.ndim == 1 or model.dtype == "F32":
        writer.add_tensor(stem, values)
    elif model.dtype == "F16":
        writer.add_tensor(stem, values.astype(np.float16))
    else:
        kind = gguf.GGMLQuantizationType.Q8_0
        writer.add_tensor(stem, quantize(values, kind), raw_dtype=kind)


def _interleaved(values: Array, heads: int) -> Array:
    """Reorder a head's rows from two halves to pairs, the rotary layout of llama GGUFs."""
    rows, columns = values.shape
    split = values.reshape(heads, 2, rows // heads // 2, columns)
    return np.ascontiguousarray(split.swapaxes(1, 2).reshape(rows, columns))
