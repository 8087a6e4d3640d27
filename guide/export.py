"""Writes the trained model: a Hugging Face directory with a GGUF file of the same weights."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from guide.files import (
    GGUF,
    MAX_GGUF_BYTES,
    MAX_PARAMETERS,
    MAX_SAFETENSORS_BYTES,
    SAFETENSORS,
)
from guide.gguf_file import About, Weights, write_gguf
from guide.model import Guide
from guide.shape import Shape
from guide.tokenizer import Codec, write_codec

ABOUT = About(
    name="guide",
    description="The bundled model of lmrt: answers questions about lmrt, and only those",
    licence="apache-2.0",
    url="https://github.com/lmrt/lmrt",
)


class ExportError(ValueError):
    """The model breaks one of its limits."""


def export(model: Guide, codec: Codec, folder: Path) -> None:
    """Write every file of the model except its card.

    Raises:
        ExportError: A weight is not a float16 value, or a file is too large.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights = half_weights(model)
    write_codec(codec, folder, model.shape.context)
    save_file(dict(weights), folder / SAFETENSORS, metadata={"format": "pt"})
    (folder / SAFETENSORS).chmod(0o644)
    _write_json(folder / "config.json", llama_config(model.shape, codec))
    _write_json(folder / "generation_config.json", generation_config(codec))
    write_gguf(folder / GGUF, model.shape, weights, codec, ABOUT)
    check_limits(folder, weights)


def half_weights(model: Guide) -> Weights:
    """Return the weights as float16, none of them changed by it.

    Raises:
        ExportError: One would be.
    """
    found: dict[str, NDArray[np.float16]] = {}
    for name, value in model.weights().items():
        exact = value.numpy()
        found[name] = exact.astype(np.float16)
        if not np.array_equal(found[name].astype(np.float32), exact):
            raise ExportError(f"`{name}` is not exact in float16")
    return found


def llama_config(shape: Shape, codec: Codec) -> dict[str, object]:
    """Return `config.json`, with the keys of transformers' LlamaConfig."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": codec.end_of_text,
        "eos_token_id": codec.turn_end,
        "head_dim": shape.head,
        "hidden_act": "silu",
        "hidden_size": shape.hidden,
        "initializer_range": 0.02,
        "intermediate_size": shape.inner,
        "max_position_embeddings": shape.context,
        "mlp_bias": False,
        "model_type": "llama",
        "num_attention_heads": shape.heads,
        "num_hidden_layers": shape.layers,
        "num_key_value_heads": shape.kv_heads,
        "pad_token_id": codec.end_of_text,
        "pretraining_tp": 1,
        "rms_norm_eps": shape.epsilon,
        "rope_scaling": None,
        "rope_theta": shape.rope_theta,
        "tie_word_embeddings": True,
        "torch_dtype": "float16",
        "use_cache": True,
        "vocab_size": shape.vocabulary,
    }


def generation_config(codec: Codec) -> dict[str, object]:
    """Return `generation_config.json`: greedy."""
    return {
        "bos_token_id": codec.end_of_text,
        "do_sample": False,
        "eos_token_id": codec.turn_end,
        "pad_token_id": codec.end_of_text,
    }


def check_limits(folder: Path, weights: Weights) -> None:
    """Refuse a model that is larger than promised.

    Raises:
        ExportError: It is.
    """
    count = sum(int(value.size) for value in weights.values())
    if count >= MAX_PARAMETERS:
        raise ExportError(f"{count} parameters, the limit is {MAX_PARAMETERS}")
    for name, limit in ((SAFETENSORS, MAX_SAFETENSORS_BYTES), (GGUF, MAX_GGUF_BYTES)):
        size = (folder / name).stat().st_size
        if size > limit:
            raise ExportError(f"`{name}` has {size} bytes, the limit is {limit}")


def _write_json(path: Path, document: dict[str, object]) -> None:
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
