"""Option values are checked where they are made, and the error names option and range."""

from pathlib import Path
from typing import Any

import pytest

from lmrt.domain.config import KvType, Preference, RuntimeConfig
from lmrt.domain.errors import ConfigurationError
from lmrt.domain.generation import DEFAULT_GENERATION, GenerationConfig
from lmrt.domain.sizes import format_size, parse_size


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("temperature", -1.0),
        ("temperature", float("nan")),
        ("temperature", float("inf")),
        ("temperature", True),
        ("top_k", -1),
        ("top_k", 1.5),
        ("top_p", 0.0),
        ("top_p", 1.1),
        ("min_p", -0.1),
        ("repetition_penalty", 0.0),
        ("presence_penalty", 2.5),
        ("frequency_penalty", -2.5),
        ("penalty_window", -1),
        ("max_tokens", 0),
        ("seed", -1),
        ("seed", 2**32 - 1),
        ("stop", ("",)),
        ("logprobs", -1),
    ],
)
def test_a_generation_setting_out_of_range_is_refused(option: str, value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        GenerationConfig(**{option: value})
    assert caught.value.code == "invalid-option"
    assert caught.value.context["option"] == option.replace("_", "-")
    assert str(value) in caught.value.message or repr(value) in caught.value.message


def test_limits_of_the_ranges_are_allowed() -> None:
    GenerationConfig(temperature=0.0, top_p=1.0, min_p=0.0, top_k=0, seed=2**32 - 2, max_tokens=1)


def test_a_single_stop_text_may_be_given_as_a_string() -> None:
    assert GenerationConfig(stop="END").stop == ("END",)


def test_settings_fall_back_to_the_model_then_to_the_default() -> None:
    merged = GenerationConfig(top_k=7).over(GenerationConfig(temperature=0.3, top_k=9))
    merged = merged.over(DEFAULT_GENERATION)
    assert (merged.top_k, merged.temperature, merged.top_p) == (7, 0.3, 0.95)


@pytest.mark.parametrize(
    "fields",
    [
        {"model_reference": " "},
        {"context_length": 0},
        {"kv_type": "f17"},
        {"prefer": "cheapest"},
        {"memory_budget": -5},
        {"backend": ""},
    ],
)
def test_a_runtime_setting_out_of_range_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        RuntimeConfig(**{"model_reference": "guide", **fields})
    assert caught.value.code == "invalid-option"


def test_a_runtime_config_takes_plain_strings() -> None:
    config = RuntimeConfig("guide", models_dir="m", kv_type="q8_0", prefer="speed")
    assert config.models_dir == Path("m")
    assert config.kv_type is KvType.Q8_0
    assert config.prefer is Preference.SPEED


@pytest.mark.parametrize(
    ("text", "count"),
    [("6GB", 6 * 10**9), ("512MiB", 2**29), ("4G", 2**32), ("1.5 kb", 1500), ("123", 123)],
)
def test_amounts_of_memory_are_read(text: str, count: int) -> None:
    assert parse_size("memory-budget", text) == count


@pytest.mark.parametrize("text", ["", "GB", "6 XB", "-1GB", "0", "0.2", "6GB6"])
def test_other_texts_are_no_amounts(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_size("memory-budget", text)


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.50 KiB"), (2**30, "1.00 GiB")]
)
def test_amounts_of_memory_are_written(count: int, text: str) -> None:
    assert format_size(count) == text
