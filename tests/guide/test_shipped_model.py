"""The model in `models/guide` obeys its limits, and its two files hold the same numbers."""

import json

import gguf
import numpy as np
from safetensors.numpy import load_file

from guide.files import (
    GGUF,
    MAX_GGUF_BYTES,
    MAX_PARAMETERS,
    MAX_SAFETENSORS_BYTES,
    MODEL_DIR,
    SAFETENSORS,
    digest,
)
from guide.gguf_file import gguf_tensors
from guide.shape import Shape
from guide.tokenizer import CHAT_TEMPLATE, load_codec

FILES = {
    "README.md",
    "chat_template.jinja",
    "config.json",
    "generation_config.json",
    GGUF,
    SAFETENSORS,
    "tokenizer.json",
    "tokenizer_config.json",
}


def shape() -> Shape:
    config = json.loads((MODEL_DIR / "config.json").read_text())
    return Shape(
        vocabulary=config["vocab_size"],
        hidden=config["hidden_size"],
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        kv_heads=config["num_key_value_heads"],
        inner=config["intermediate_size"],
        context=config["max_position_embeddings"],
    )


def test_has_its_files_and_nothing_else() -> None:
    assert {path.name for path in MODEL_DIR.iterdir()} == FILES


def test_obeys_its_limits() -> None:
    weights = load_file(MODEL_DIR / SAFETENSORS)
    assert sum(value.size for value in weights.values()) < MAX_PARAMETERS
    assert {value.dtype for value in weights.values()} == {np.dtype(np.float16)}
    assert "lm_head.weight" not in weights
    assert (MODEL_DIR / SAFETENSORS).stat().st_size <= MAX_SAFETENSORS_BYTES
    assert (MODEL_DIR / GGUF).stat().st_size <= MAX_GGUF_BYTES
    assert shape().context >= 1024
    assert shape().head % 32 == 0, "quantized KV caches need blocks of 32"


def test_the_gguf_holds_the_same_numbers() -> None:
    weights = load_file(MODEL_DIR / SAFETENSORS)
    expected = gguf_tensors(shape(), weights)
    found = {tensor.name: tensor for tensor in gguf.GGUFReader(MODEL_DIR / GGUF).tensors}
    assert set(found) == set(expected)
    for name, tensor in found.items():
        assert tensor.data.dtype == np.float32
        assert np.array_equal(tensor.data.reshape(expected[name].shape), expected[name])
        assert np.array_equal(tensor.data.astype(np.float16).astype(np.float32), tensor.data)


def test_the_gguf_says_what_it_is() -> None:
    fields = gguf.GGUFReader(MODEL_DIR / GGUF).fields
    codec = load_codec(MODEL_DIR)
    expected = {
        "general.architecture": "llama",
        "general.name": "guide",
        "general.license": "apache-2.0",
        "general.sampling.temp": 0.0,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.ggml.bos_token_id": codec.end_of_text,
        "tokenizer.ggml.eos_token_id": codec.turn_end,
        "tokenizer.chat_template": CHAT_TEMPLATE,
    }
    assert {key: fields[key].contents() for key in expected} == expected
    assert (MODEL_DIR / "chat_template.jinja").read_text() == CHAT_TEMPLATE


def test_the_card_names_these_weights() -> None:
    card = (MODEL_DIR / "README.md").read_text()
    assert digest(MODEL_DIR / SAFETENSORS) in card
    assert digest(MODEL_DIR / GGUF) in card
