"""Text is cut so that no piece holds a special token's literal."""

from hypothesis import given
from hypothesis import strategies as st

from lmrt.adapters.llama_cpp.literals import without_literals

LITERALS = ("</s>", "<|end|>", "</s></s>")


@given(st.lists(st.sampled_from([*LITERALS, "a", "<", "/s>", " "])).map("".join))
def test_pieces_join_to_the_text_and_hold_no_literal(text: str) -> None:
    pieces = without_literals(text, LITERALS)
    assert "".join(pieces) == text
    assert not any(literal in piece for piece in pieces for literal in LITERALS)


def test_text_without_a_literal_stays_whole() -> None:
    assert without_literals("plain <text>", LITERALS) == ["plain <text>"]
