"""Tiny random models of many families, written by transformers itself as it writes them today.

::

    folder = write_family("qwen3", tmp_path / "qwen3")        # config.json, model.safetensors, …
    folder = write_family("llama", tmp_path / "long", max_position_embeddings=8192)

The same family gives the same weights every time. Importing this module imports neither torch nor
transformers; writing does.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from tests.support.tiny_models import BOS, CHAT_TEMPLATE, CONTROL_TOKENS, EOS, tokenizer

HIDDEN, LAYERS, VOCABULARY, CONTEXT, WINDOW = 64, 3, 320, 1024, 16

_DENSE: dict[str, Any] = {
    "hidden_size": HIDDEN,
    "intermediate_size": 128,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": CONTEXT,
    "vocab_size": VOCABULARY,
    "bos_token_id": BOS,
    "eos_token_id": EOS,
    "pad_token_id": None,
}
_HEADED = {**_DENSE, "head_dim": 32}
_MANY_THETA = {"rope_parameters": {"rope_type": "default", "rope_theta": 500000.0}}
_LLAMA3_ROPE = {
    "rope_parameters": {
        "rope_type": "llama3",
        "rope_theta": 500000.0,
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 128,
    }
}
_EXPERTS = {"num_experts_per_tok": 2, "moe_intermediate_size": 32}

FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("llama", {**_DENSE, **_MANY_THETA}),
    "llama-tied": ("llama", {**_DENSE, **_MANY_THETA, "tie_word_embeddings": True}),
    "llama-rope3": ("llama", {**_DENSE, **_LLAMA3_ROPE}),
    "qwen2": ("qwen2", {**_DENSE, **_MANY_THETA}),
    "qwen3": ("qwen3", {**_HEADED, **_MANY_THETA}),
    "mistral-sliding": ("mistral", {**_HEADED, **_MANY_THETA, "sliding_window": WINDOW}),
    "gemma2": (
        "gemma2",
        {**_HEADED, **_MANY_THETA, "sliding_window": WINDOW, "query_pre_attn_scalar": 32},
    ),
    "gemma3": (
        "gemma3_text",
        {
            **_HEADED,
            "num_hidden_layers": 4,
            "layer_types": ["sliding_attention", "full_attention"] * 2,
            "sliding_window": WINDOW,
            "query_pre_attn_scalar": 32,
            "rope_parameters": {
                "sliding_attention": {"rope_type": "default", "rope_theta": 20000.0},
                "full_attention": {
                    "rope_type": "linear",
                    "factor": 4.0,
                    "rope_theta": 2000000.0,
                },
            },
        },
    ),
    "phi3": ("phi3", {**_DENSE, **_MANY_THETA}),
    "qwen3-moe": ("qwen3_moe", {**_HEADED, **_MANY_THETA, **_EXPERTS, "num_experts": 4}),
    "mixtral": (
        "mixtral",
        {**_DENSE, **_MANY_THETA, "num_local_experts": 4, "num_experts_per_tok": 2},
    ),
    "olmo2": ("olmo2", {**_DENSE, **_MANY_THETA}),
    "mamba": (
        "mamba",
        {
            "hidden_size": HIDDEN,
            "num_hidden_layers": LAYERS,
            "state_size": 16,
            "vocab_size": VOCABULARY,
            "bos_token_id": BOS,
            "eos_token_id": EOS,
            "pad_token_id": None,
        },
    ),
    "lfm2": ("lfm2", {**_DENSE, **_MANY_THETA, "layer_types": ["conv", "full_attention", "conv"]}),
    "granite": (
        "granite",
        {
            **_DENSE,
            **_MANY_THETA,
            "attention_multiplier": 0.25,
            "embedding_multiplier": 3.0,
            "logits_scaling": 2.0,
            "residual_multiplier": 0.5,
        },
    ),
}
"""Families by our name: transformers' `model_type`, and its configuration's values.

Every RoPE base differs from the default, so that a reader that does not find it shows.
"""


def write_family(name: str, folder: Path, *, seed: int = 0, **changes: Any) -> Path:
    """Write a family's tiny model, f32, with a tokenizer; return the folder.

    Args:
        name: A key of `FAMILIES`.
        folder: Made where missing.
        seed: Of the weights.
        changes: Other values of the configuration.
    """
    model_type, settings = FAMILIES[name]
    return write_hf_model(model_type, {**settings, **changes}, folder, seed=seed)


def write_hf_model(
    model_type: str, settings: dict[str, Any], folder: Path, *, seed: int = 0
) -> Path:
    """Write a model of any type that transformers knows, as `write_family` does."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config, causal = AutoConfig.for_model(model_type, **settings), cast("Any", AutoModelForCausalLM)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # some layers draw what we leave alone
        model = causal.from_config(config, dtype=torch.float32)
    randomize(model, seed)
    with _quiet_progress():
        model.save_pretrained(folder)
    _write_tokenizer(folder, config.get_text_config().vocab_size)
    return folder


@contextmanager
def _quiet_progress() -> Iterator[None]:
    from transformers.utils import logging as untyped

    logging = cast("Any", untyped)
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def randomize(model: Any, seed: int) -> None:
    """Give the model weights to tell tokens apart with, the same on every machine."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    parameters = dict(model.named_parameters())  # tied ones once
    with torch.no_grad():
        for name, values in parameters.items():
            drawn = torch.randn(values.shape, generator=generator)
            if name.endswith("A_log"):
                continue  # a state must decay
            if values.dim() == 1:
                values += drawn / 10  # norms around 1, or around 0 where they are offsets
            else:
                # Small enough that rounding does not grow from layer to layer.
                values.copy_(drawn * 1.5 / values.shape[-1] ** 0.5)
        if model.config.get_text_config().tie_word_embeddings:
            # Else such a model repeats its last token for ever.
            model.get_input_embeddings().weight /= 6
            norms = [name for name, values in parameters.items() if values.dim() == 1]
            parameters[[name for name in norms if not name.endswith("bias")][-1]] += 5


def _write_tokenizer(folder: Path, vocabulary: int) -> None:
    tokenizer(vocabulary).save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": CONTROL_TOKENS[BOS],
        "eos_token": CONTROL_TOKENS[EOS],
        "add_bos_token": True,
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2), "utf-8")
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE, "utf-8")
