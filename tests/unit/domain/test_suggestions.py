"""What is suggested to a user who named no model."""

import pytest

from lmrt.domain.suggestions import close_names, did_you_mean

KNOWN = (
    *("guide", "qwen3:0.6b", "qwen3:1.7b", "qwen3:4b", "qwen3:14b", "gemma3:4b"),
    *("Qwen/Qwen3-4B", "my-model", "bartowski/Llama-3.2-3B-Instruct-GGUF"),
)


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("giude", "did you mean `guide`?"),
        ("Guide", "did you mean `guide`?"),
        ("Qwen3:4B", "did you mean `qwen3:4b`?"),
        ("qwen3:5b", "there is `qwen3` in 0.6b, 1.7b, 4b, 14b"),
        ("my-modle", "did you mean `my-model`?"),
        ("zzzzzz", None),
        ("hf.co/org/name:Q8_0", "did you mean `org/name:Q8_0`?"),
        (":4b", None),
        ("", None),
    ],
)
def test_what_is_said(typed: str, hint: str | None) -> None:
    assert did_you_mean(typed, KNOWN) == hint


def test_the_last_part_of_a_repository_counts_alone() -> None:
    assert close_names("qwen3-4b", KNOWN)[0] == "Qwen/Qwen3-4B"
    assert close_names("hf:Qwen/Qwen3-4b", KNOWN)[0] == "Qwen/Qwen3-4B"


def test_many_sizes_are_not_all_listed() -> None:
    known = [f"big:{size}b" for size in range(1, 12)]
    assert did_you_mean("big:99b", known) == (
        "there is `big` in 1b, 2b, 3b, 4b, 5b, 6b, 7b, 8b and 3 more"
    )


def test_what_was_typed_is_never_suggested() -> None:
    assert close_names("guide", ["guide"]) == ()
