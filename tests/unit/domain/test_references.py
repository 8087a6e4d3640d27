"""How model references are read."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmrt.domain.errors import ConfigurationError
from lmrt.domain.references import (
    Alias,
    HubRepository,
    LocalPath,
    UnderModelsDir,
    interpretations,
)


@pytest.mark.parametrize("text", ["/models/a", "./a", "../a", "~/a.gguf", ".", ".."])
def test_an_explicit_path_is_only_a_path(text: str) -> None:
    assert interpretations(text) == (LocalPath(text),)


def test_a_missing_gguf_is_never_a_repository() -> None:
    assert interpretations("org/missing.gguf") == (
        LocalPath("org/missing.gguf"),
        UnderModelsDir("org/missing.gguf"),
    )


def test_a_plain_name_is_a_path_then_a_folder_then_an_alias() -> None:
    assert interpretations("qwen3:4b") == (
        LocalPath("qwen3:4b"),
        UnderModelsDir("qwen3:4b"),
        Alias("qwen3:4b"),
    )


@pytest.mark.parametrize(
    ("text", "hub"),
    [
        ("org/name", HubRepository("org/name")),
        ("org/name@main", HubRepository("org/name", "main")),
        ("org/name:Q4_K_M", HubRepository("org/name", None, "Q4_K_M")),
        ("org/name@v1.0:Q8_0", HubRepository("org/name", "v1.0", "Q8_0")),
    ],
)
def test_a_repository_is_read_last(text: str, hub: HubRepository) -> None:
    assert interpretations(text) == (LocalPath(text), UnderModelsDir(text), hub)
    assert interpretations(f"hf:{text}") == (hub,)


@pytest.mark.parametrize("text", ["", "  ", "a\nb", "http://x/y", "hf:name", "hf:a/b/c", "a\x7f"])
def test_what_can_be_no_reference_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        interpretations(text)
    assert caught.value.code == "invalid-reference"


@given(st.text())
def test_no_text_crashes_the_parser(text: str) -> None:
    with suppress(ConfigurationError):
        assert interpretations(text)
