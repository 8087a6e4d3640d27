"""From a Hugging Face directory to a GGUF of the same model, right or wrong on purpose.

::

    folder = write_family("qwen3", tmp_path / "qwen3")
    convert(folder, folder / "qwen3.gguf")
    convert(folder, folder / "qwen3.gguf", rope_base=10000.0)    # a conversion that lost the base

Byte-level tokenizers only, as the families of `tests.support.hf_models` have them.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from attrs import frozen
from gguf.quants import quantize
from numpy.typing import NDArray
from safetensors.numpy import load_file

Array = NDArray[np.float32]

ARCHITECTURES = {
    "llama": gguf.MODEL_ARCH.LLAMA,
    "mixtral": gguf.MODEL_ARCH.LLAMA,
    "qwen2": gguf.MODEL_ARCH.QWEN2,
    "qwen3": gguf.MODEL_ARCH.QWEN3,
    "gemma2": gguf.MODEL_ARCH.GEMMA2,
    "phi3": gguf.MODEL_ARCH.PHI3,
    "olmo2": gguf.MODEL_ARCH.OLMO2,
    "granite": gguf.MODEL_ARCH.GRANITE,
}
"""The `model_type`s that can be converted, with the architecture that a GGUF calls them."""

_INTERLEAVED = (gguf.MODEL_ARCH.LLAMA, gguf.MODEL_ARCH.GRANITE)
_EXPERT = re.compile(r"(.*\.experts)\.(\d+)\.(w1|w2|w3)\.weight")
_KINDS = {
    "F32": (gguf.GGMLQuantizationType.F32, gguf.LlamaFileType.ALL_F32),
    "F16": (gguf.GGMLQuantizationType.F16, gguf.LlamaFileType.MOSTLY_F16),
    "BF16": (gguf.GGMLQuantizationType.BF16, gguf.LlamaFileType.MOSTLY_BF16),
    "Q8_0": (gguf.GGMLQuantizationType.Q8_0, gguf.LlamaFileType.MOSTLY_Q8_0),
    "Q4_0": (gguf.GGMLQuantizationType.Q4_0, gguf.LlamaFileType.MOSTLY_Q4_0),
}


@frozen
class _Source:
    """What is read from the directory: settings, tokenizer and architecture."""

    folder: Path
    config: Mapping[str, Any]
    tokenizer: Mapping[str, Any]
    ends: Mapping[str, Any]
    arch: gguf.MODEL_ARCH

    @property
    def heads(self) -> int:
        """Query heads."""
        return int(self.config["num_attention_heads"])

    @property
    def kv_heads(self) -> int:
        """Key and value heads."""
        return int(self.config["num_key_value_heads"])

    @property
    def head_size(self) -> int:
        """Elements of one head."""
        return int(self.config.get("head_dim") or self.config["hidden_size"] // self.heads)

    @property
    def rope(self) -> Mapping[str, Any]:
        """RoPE's parameters, in the form that transformers writes today or in the older one."""
        new = self.config.get("rope_parameters")
        return new or {
            "rope_theta": self.config.get("rope_theta", 10000.0),
            **(self.config.get("rope_scaling") or {}),
        }


def convert(
    folder: Path,
    path: Path,
    *,
    kind: str = "F32",
    rope_base: float | None = None,
    pre_tokenizer: str = "gpt-2",
    template: str | None = None,
    add_bos: bool | None = None,
    interleave: bool = True,
) -> Path:
    """Write the directory's model as one GGUF; return its path.

    Args:
        folder: The directory, of a `model_type` in `ARCHITECTURES`.
        path: The GGUF.
        kind: Type of the matrices: F32, F16, BF16, Q8_0 or Q4_0.
        rope_base: In place of the directory's own, to be wrong.
        pre_tokenizer: How text is split before it is encoded, by llama.cpp's name; the families'
            own is `gpt-2`.
        template: In place of the directory's own.
        add_bos: In place of the directory's own.
        interleave: Whether the rows of queries and keys are reordered where llama.cpp wants that.
    """
    source = _read(folder)
    writer = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[source.arch])
    writer.add_file_type(_KINDS[kind][1])
    _add_sizes(writer, source, rope_base)
    _add_family(writer, source)
    _add_tokenizer(writer, source, pre_tokenizer, template, add_bos)
    for name, values in _tensors(source, interleave=interleave):
        _add_tensor(writer, name, values, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _read(folder: Path) -> _Source:
    config, tokenizer, ends = (
        json.loads((folder / name).read_text("utf-8"))
        for name in ("config.json", "tokenizer.json", "tokenizer_config.json")
    )
    return _Source(folder, config, tokenizer, ends, ARCHITECTURES[config["model_type"]])


def _add_sizes(writer: Any, source: _Source, rope_base: float | None) -> None:
    config = source.config
    writer.add_name("tiny")  # llama.cpp has rules for vocabularies of a model named "phi3"
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(source.heads)
    writer.add_head_count_kv(source.kv_heads)
    writer.add_key_length(source.head_size)
    writer.add_value_length(source.head_size)
    writer.add_rope_dimension_count(source.head_size)
    writer.add_rope_freq_base(source.rope["rope_theta"] if rope_base is None else rope_base)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])


def _add_family(writer: Any, source: _Source) -> None:
    """Add what only some families have."""
    config = source.config
    match config["model_type"]:
        case "mixtral":
            writer.add_expert_count(config["num_local_experts"])
            writer.add_expert_used_count(config["num_experts_per_tok"])
        case "gemma2":
            writer.add_attn_logit_softcapping(config["attn_logit_softcapping"])
            writer.add_final_logit_softcapping(config["final_logit_softcapping"])
            writer.add_sliding_window(config["sliding_window"])
        case "granite":
            writer.add_attention_scale(config["attention_multiplier"])
            writer.add_embedding_scale(config["embedding_multiplier"])
            writer.add_residual_scale(config["residual_multiplier"])
            writer.add_logit_scale(config["logits_scaling"])
        case _:
            pass


def _add_tokenizer(
    writer: Any, source: _Source, pre: str, template: str | None, add_bos: bool | None
) -> None:
    model, size = source.tokenizer["model"], source.config["vocab_size"]
    added = {entry["id"]: entry for entry in source.tokenizer["added_tokens"]}
    texts = {token: text for text, token in model["vocab"].items()}
    texts |= {token: entry["content"] for token, entry in added.items()}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list([texts.get(token, f"[PAD{token}]") for token in range(size)])
    writer.add_token_types([_token_type(token, texts, added) for token in range(size)])
    writer.add_token_merges(
        [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    )
    ids = {text: token for token, text in texts.items()}
    writer.add_bos_token_id(ids[source.ends["bos_token"]])
    writer.add_eos_token_id(ids[source.ends["eos_token"]])
    writer.add_add_bos_token(
        source.ends.get("add_bos_token", False) if add_bos is None else add_bos
    )
    own = source.folder / "chat_template.jinja"
    if template is not None or own.is_file():
        writer.add_chat_template(own.read_text("utf-8") if template is None else template)


def _token_type(
    token: int, texts: Mapping[int, str], added: Mapping[int, Mapping[str, Any]]
) -> gguf.TokenType:
    if token not in texts:
        return gguf.TokenType.UNUSED
    if token not in added:
        return gguf.TokenType.NORMAL
    return gguf.TokenType.CONTROL if added[token]["special"] else gguf.TokenType.USER_DEFINED


def _tensors(source: _Source, *, interleave: bool) -> Iterator[tuple[str, Array]]:
    """Yield every tensor under its GGUF name, in the layout that llama.cpp computes with."""
    names = gguf.get_tensor_name_map(source.arch, source.config["num_hidden_layers"])
    experts: dict[str, dict[int, Array]] = {}
    for name, values in load_file(source.folder / "model.safetensors").items():
        if match := _EXPERT.fullmatch(name):
            merged = f"{match[1]}.{match[3]}.weight"
            experts.setdefault(merged, {})[int(match[2])] = values
        else:
            wanted = values.astype(np.float32)
            if interleave:
                wanted = _interleaved_as_wanted(source, name, wanted)
            yield _named(names, name), _with_whole_norms(source, name, wanted)
    for name, parts in experts.items():
        stacked = np.stack([parts[number] for number in sorted(parts)])
        yield _named(names, name), stacked.astype(np.float32)
    if source.rope.get("rope_type") == "llama3":
        yield "rope_freqs.weight", _llama3_factors(source.rope, source.head_size)


def _named(names: Any, name: str) -> str:
    found = names.get_name(name, try_suffixes=(".weight", ".bias"))
    if found is None:
        raise ValueError(f"a GGUF has no name for `{name}`")
    return str(found)


def _interleaved_as_wanted(source: _Source, name: str, values: Array) -> Array:
    if source.arch in _INTERLEAVED and ".q_proj." in name:
        return _interleaved(values, source.heads)
    if source.arch in _INTERLEAVED and ".k_proj." in name:
        return _interleaved(values, source.kv_heads)
    return values


def _with_whole_norms(source: _Source, name: str, values: Array) -> Array:
    """Return norms as factors where the directory has what they add to 1."""
    offset = source.arch is gguf.MODEL_ARCH.GEMMA2 and name.endswith("norm.weight")
    return values + 1 if offset else values


def _interleaved(values: Array, heads: int) -> Array:
    """Reorder a head's rows from two halves to pairs, the rotary layout of llama GGUFs."""
    rows = values.shape[0]
    split = values.reshape(heads, 2, rows // heads // 2, *values.shape[1:])
    return np.ascontiguousarray(split.swapaxes(1, 2).reshape(values.shape))


def _llama3_factors(rope: Mapping[str, Any], head_size: int) -> Array:
    """Return by how much each rotary frequency is slowed down (Llama 3.1's own code)."""
    original, factor = rope["original_max_position_embeddings"], rope["factor"]
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    frequencies = rope["rope_theta"] ** -(np.arange(0, head_size, 2, dtype=np.float64) / head_size)
    waves = 2 * math.pi / frequencies
    smooth = np.clip((original / waves - low) / (high - low), 0.0, 1.0)
    factors: Array = (1 / ((1 - smooth) / factor + smooth)).astype(np.float32)
    return factors


def _add_tensor(writer: Any, name: str, values: Array, kind: str) -> None:
    ggml = _KINDS[kind][0]
    router = name.endswith("ffn_gate_inp.weight")
    if values.ndim == 1 or kind == "F32" or router:
        writer.add_tensor(name, np.ascontiguousarray(values))
    elif kind == "F16":
        writer.add_tensor(name, values.astype(np.float16))
    else:
        writer.add_tensor(name, quantize(values, ggml), raw_dtype=ggml)
