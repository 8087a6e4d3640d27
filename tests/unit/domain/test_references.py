"""How model references are read."""

import pytest

from lmrt.domain.errors import ConfigurationError
from lmrt.domain.references import (
    Alias,
    HubRepository,
    LocalPath,
    UnderModelsDir,
    in_our_words,
    interpretations,
    is_alias,
)


@pytest.mark.parametrize(
    "text",
    [
        *("/models/a", "./a", "../a", "~/a.gguf", "~", ".", ".."),
        *("C:\\models\\a.gguf", "c:/models/a", ".\\a", "\\\\server\\share\\a"),
    ],
)
def test_an_explicit_path_is_only_a_path(text: str) -> None:
    assert interpretations(text) == (LocalPath(text),)


@pytest.mark.parametrize("text", ["missing.gguf", "org/missing.gguf", "org/name@main.gguf"])
def test_a_gguf_too_high_for_a_repository_is_never_one(text: str) -> None:
    assert interpretations(text) == (LocalPath(text), UnderModelsDir(text))


def test_a_path_upwards_is_no_name_under_the_models_directory() -> None:
    assert interpretations("a/../../b") == (LocalPath("a/../../b"),)


@pytest.mark.parametrize("text", ["qwen3:4b", "guide", "...", "C:model", "gpt-oss:20b"])
def test_a_plain_name_is_a_path_then_a_folder_then_an_alias(text: str) -> None:
    assert interpretations(text) == (LocalPath(text), UnderModelsDir(text), Alias(text))
    assert is_alias(text)


@pytest.mark.parametrize(
    "text", ["org/name", "./a", "a.gguf", "hf:a/b", "file:x", "", "a\nb", " a", "C:/model"]
)
def test_what_has_another_meaning_is_no_alias(text: str) -> None:
    assert not is_alias(text)


@pytest.mark.parametrize(
    ("text", "hub"),
    [
        ("org/name", HubRepository("org/name")),
        ("org/name@main", HubRepository("org/name", "main")),
        ("org/name@refs/pr/1", HubRepository("org/name", "refs/pr/1")),
        ("org/name:Q4_K_M", HubRepository("org/name", None, "Q4_K_M")),
        ("org/name@v1.0:Q8_0", HubRepository("org/name", "v1.0", "Q8_0")),
        ("org/name/a.gguf", HubRepository("org/name", file="a.gguf")),
        ("org/name@v1/Q4/a b.gguf", HubRepository("org/name", "v1", file="Q4/a b.gguf")),
        ("org/name@refs/pr/1/a.gguf", HubRepository("org/name", "refs/pr/1", file="a.gguf")),
        ("org/name@x%2Fy/a.gguf", HubRepository("org/name", "x/y", file="a.gguf")),
        (
            "org/name/m-00001-of-00003.gguf",
            HubRepository("org/name", file="m-00001-of-00003.gguf"),
        ),
    ],
)
def test_a_repository_is_read_last(text: str, hub: HubRepository) -> None:
    assert interpretations(text) == (LocalPath(text), UnderModelsDir(text), hub)
    assert interpretations(f"hf:{text}") == (hub,)


def test_hf_makes_a_repository_of_what_would_be_a_file() -> None:
    assert interpretations("hf:org/name.gguf") == (HubRepository("org/name.gguf"),)
    assert str(HubRepository("org/name.gguf")) == "hf:org/name.gguf"


@pytest.mark.parametrize(
    "text",
    [
        *("", "  ", "a\nb", "a\x7f", "http://x/y", "file:///a", "file:a.gguf", "s3://bucket/a"),
        *("hf:name", "hf:a/b/c", "hf:a/b.git", "hf:a--b/c", "hf:/a/b", "hf:a/b@x..y"),
        *("hf:a/b/../c.gguf", "hf:a/" + "b" * 97, "hf:"),
    ],
)
def test_what_can_be_no_reference_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        interpretations(text)
    assert caught.value.code == "invalid-reference"


@pytest.mark.parametrize(
    ("address", "reference"),
    [
        ("https://huggingface.co/Qwen/Qwen3-4B/tree/main", "Qwen/Qwen3-4B"),
        ("https://www.huggingface.co/Qwen/Qwen3-4B?library=x", "Qwen/Qwen3-4B"),
        ("http://hf.co/Qwen/Qwen3-4B", "Qwen/Qwen3-4B"),
        ("https://huggingface.co/org/a/blob/main/b.gguf", "org/a@main/b.gguf"),
        ("https://huggingface.co/org/a/resolve/v1/b/c.gguf?download=true", "org/a@v1/b/c.gguf"),
    ],
)
def test_the_address_of_a_page_on_the_hub_is_told_as_its_repository(
    address: str, reference: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        interpretations(address)
    assert caught.value.hint == f"did you mean `{reference}`?"


def test_what_other_tools_write_with_a_host_is_understood() -> None:
    assert in_our_words("hf.co/org/name:Q4_K_M") == "org/name:Q4_K_M"
    assert in_our_words("hf.co/org") is None


def test_a_revision_at_the_end_is_understood() -> None:
    assert in_our_words("org/name/a.gguf@v1") == "org/name@v1/a.gguf"
    assert in_our_words("org/name:Q8_0@x/y") == "org/name@x/y:Q8_0"
    assert in_our_words("org/name@main") is None
    assert in_our_words("org/name/a.txt@v1") is None
    assert in_our_words("org/name") is None
