"""What is done to the literals of special tokens, and beside them, before the engine sees text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmrt.adapters.llama_cpp.literals import composed, spared, without_literals
from lmrt.domain.prompts import PromptSection

LITERALS = ("</s>", "<|end|>", "</s></s>", "s></", "▁<EOT>")


@given(st.lists(st.sampled_from([*LITERALS, "a", "<", "/s>", " ", "<EOT>"])).map("".join))
def test_pieces_join_to_the_text_and_hold_no_literal(text: str) -> None:
    pieces = without_literals(text, LITERALS)
    assert "".join(pieces) == text
    spelled = (*LITERALS, " <EOT>", "<EOT>")
    assert not any(literal in piece for piece in pieces for literal in spelled)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cafe\u0301", "caf\u00e9"),
        ("<|end|>\u0338", "<|end|>\u0338"),
        ("e\u0301<|end|>\u0338e\u0301", "\u00e9<|end|>\u0338\u00e9"),
    ],
)
def test_letters_and_marks_are_composed_between_tokens(text: str, expected: str) -> None:
    assert composed(text, LITERALS) == expected


def test_without_the_token_its_last_letter_is_composed_too() -> None:
    assert composed("<|end|>\u0338", ()) == "<|end|\u226f"


def test_white_space_beside_tokens_that_take_it_goes() -> None:
    control, content = PromptSection("<|user|>", True), PromptSection(" \n hi \t", False)
    kept = [control, content, control]
    assert spared(kept, (), ()) == kept
    assert spared(kept, (), ("<|user|>",))[1].text == "hi \t"
    assert spared(kept, ("<|user|>",), ())[1].text == " \n hi"
    # At the ends of a text there is no token
    assert spared([content], ("<|user|>",), ("<|user|>",)) == [content]


def test_text_without_a_literal_stays_whole() -> None:
    assert without_literals("plain <text>", LITERALS) == ["plain <text>"]
