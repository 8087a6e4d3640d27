"""Configurations of transformers 5 say the same in the words that mlx-lm reads."""

from typing import Any

import pytest

from lmrt.adapters.mlx.config import normalised
from lmrt.adapters.mlx.windows import Windows, windows

CONTEXT = 512


def rope(**table: Any) -> dict[str, Any]:
    return normalised({"model_type": "llama", "rope_parameters": table}, CONTEXT)


def test_an_older_configuration_stays_as_it_is() -> None:
    old = {
        "model_type": "llama",
        "rope_theta": 5e5,
        "rope_scaling": {"type": "linear", "factor": 2.0},
        "hidden_size": 64,
        "num_attention_heads": 4,
    }
    assert normalised(old, CONTEXT) == old


def test_the_base() -> None:
    found = rope(rope_type="default", rope_theta=5e5)
    assert (found["rope_theta"], found["rope_scaling"]) == (5e5, None)


def test_the_new_table_counts_before_old_keys() -> None:
    both = {
        "model_type": "llama",
        "rope_theta": 1e4,
        "rope_parameters": {"rope_type": "default", "rope_theta": 5e5},
    }
    assert normalised(both, CONTEXT)["rope_theta"] == 5e5


def test_scaling_has_its_type_under_both_names() -> None:
    found = rope(rope_type="llama3", rope_theta=5e5, factor=8.0)["rope_scaling"]
    assert (found["type"], found["rope_type"], found["factor"]) == ("llama3", "llama3", 8.0)


def test_the_part_of_a_head_that_rotates() -> None:
    config = {
        "model_type": "gpt_neox",
        "hidden_size": 64,
        "num_attention_heads": 4,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 5e5,
            "partial_rotary_factor": 0.25,
        },
    }
    found = normalised(config, CONTEXT)
    names = "partial_rotary_factor", "rotary_pct", "rotary_emb_base", "head_dim", "rotary_dim"
    assert [found[name] for name in names] == [0.25, 0.25, 5e5, 16, 4]


def test_tables_for_types_of_layers() -> None:
    found = rope(
        full_attention={"rope_type": "linear", "rope_theta": 1e6, "factor": 8.0},
        sliding_attention={"rope_type": "default", "rope_theta": 1e4},
    )
    assert (found["rope_theta"], found["rope_scaling"]["factor"]) == (1e6, 8.0)
    for name in ("rope_local_base_freq", "rope_local_theta", "swa_rope_theta"):
        assert found[name] == 1e4


@pytest.mark.parametrize("name", ["text_config", "language_config", "llm_config"])
def test_what_is_nested_is_put_right_too(name: str) -> None:
    inner = {"model_type": "llama", "rope_parameters": {"rope_type": "default", "rope_theta": 5e5}}
    outer = {"model_type": "whole", name: inner}
    assert normalised(outer, CONTEXT)[name]["rope_theta"] == 5e5
    assert "rope_theta" not in inner


@pytest.mark.parametrize(("context", "factor"), [(64, 1.5), (65, 9.0)])
@pytest.mark.parametrize("name", ["rope_parameters", "rope_scaling"])
def test_factors_that_fit_the_context(name: str, context: int, factor: float) -> None:
    config = {
        "model_type": "phi3",
        "original_max_position_embeddings": 64,
        name: {
            "rope_type": "longrope",
            "rope_theta": 1e4,
            "short_factor": [1.5],
            "long_factor": [9.0],
        },
    }
    assert normalised(config, context)["rope_scaling"]["long_factor"] == [factor]


@pytest.mark.parametrize("name", ["num_experts", "num_local_experts"])
def test_experts_have_both_names(name: str) -> None:
    found = normalised({"model_type": "qwen3_moe", name: 8}, CONTEXT)
    assert (found["num_experts"], found["num_local_experts"]) == (8, 8)


@pytest.mark.parametrize(
    ("kinds", "pattern"), [("SFSF", 2), ("SSSF", 4), ("SSFS", 3), ("FSFS", None), ("SFFS", None)]
)
def test_regular_layers_have_a_period(kinds: str, pattern: int | None) -> None:
    names = {"S": "sliding_attention", "F": "full_attention"}
    config = {"model_type": "gemma3_text", "layer_types": [names[kind] for kind in kinds]}
    assert normalised(config, CONTEXT).get("sliding_window_pattern") == pattern


# Windows


def test_windows_by_the_types_of_layers() -> None:
    config = {
        "model_type": "any",
        "num_hidden_layers": 3,
        "sliding_window": 16,
        "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
    }
    assert windows(config) == Windows(16, frozenset({0, 2}), 3)
    assert windows({"model_type": "whole", "text_config": config}) == windows(config)


@pytest.mark.parametrize(
    ("model", "layers"), [("mistral", {0, 1, 2}), ("gemma2", {0, 2}), ("qwen2", set())]
)
def test_windows_by_the_model(model: str, layers: set[int]) -> None:
    config = {"model_type": model, "num_hidden_layers": 3, "sliding_window": 16}
    found = windows(config)
    assert (set() if found is None else set(found.layers)) == layers


@pytest.mark.parametrize(("used", "layers"), [(True, {2}), (False, set())])
def test_windows_that_are_used_or_not(used: bool, layers: set[int]) -> None:
    config = {
        "model_type": "qwen2",
        "num_hidden_layers": 3,
        "sliding_window": 16,
        "max_window_layers": 2,
        "use_sliding_window": used,
    }
    found = windows(config)
    assert (set() if found is None else set(found.layers)) == layers
