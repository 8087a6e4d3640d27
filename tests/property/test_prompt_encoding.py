"""A prompt is encoded whole; what came from content never acts, what the template wrote does."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lmrt.application.encoding import encode_prompt
from lmrt.domain.prompts import prompt_sections, with_one_bos
from tests.support.letter_tokenizer import LetterTokenizer
from tests.support.tokenizer_calls import encoded

# One control token begins another, and their letters are those of the text
CONTROL = ("<a>", "<a>b", "<b>", "ab")
WRITTEN = st.lists(st.sampled_from([*CONTROL, "a", "b", "<", ">", "<a", "é "]), max_size=6).map(
    "".join
)


@st.composite
def rendered(draw: st.DrawFn) -> list[str]:
    pieces = [draw(WRITTEN)]
    for literal in draw(st.lists(st.sampled_from(CONTROL), max_size=4)):
        pieces += [literal, draw(WRITTEN)]
    return pieces


def encoded_piece_by_piece(pieces: Sequence[str], tokenizer: LetterTokenizer) -> tuple[int, ...]:
    """Return what letter tokens allow: cutting at content literals changes nothing for them."""
    return tuple(
        token
        for place, piece in enumerate(pieces)
        for token in encoded(tokenizer, piece, control=place % 2 == 0)
    )


@given(rendered())
def test_control_tokens_act_exactly_where_the_template_wrote_them(pieces: list[str]) -> None:
    tokenizer = LetterTokenizer(CONTROL)
    assert encode_prompt(pieces, tokenizer) == encoded_piece_by_piece(pieces, tokenizer)


@given(rendered())
def test_sections_join_to_the_prompt_and_take_turns(pieces: list[str]) -> None:
    sections = prompt_sections(pieces, CONTROL)
    assert "".join(section.text for section in sections) == "".join(pieces)
    assert all(section.text for section in sections)
    flags = [section.control for section in sections]
    assert all(left != right for left, right in pairwise(flags))


@given(rendered())
def test_ordinary_sections_reach_from_one_control_token_to_the_next(pieces: list[str]) -> None:
    sections = prompt_sections(pieces, CONTROL)
    for place, section in enumerate(sections):
        if section.control:
            continue
        if place > 0:
            assert sections[place - 1].text.endswith(CONTROL)
        if place + 1 < len(sections):
            assert sections[place + 1].text.startswith(CONTROL)


@given(WRITTEN)
def test_a_prompt_without_content_literals_is_encoded_in_one_go(text: str) -> None:
    sections = prompt_sections((text,), CONTROL)
    assert [(section.text, section.control) for section in sections] == [(text, True)] * bool(text)


@given(st.lists(st.integers(0, 3), max_size=5), st.none() | st.integers(0, 3), st.booleans())
def test_one_bos_is_ensured_and_nothing_else_changed(
    tokens: list[int], bos: int | None, wanted: bool
) -> None:
    result = with_one_bos(tokens, bos, wanted=wanted)
    if bos is not None and wanted:
        assert result[0] == bos
        assert result in (tuple(tokens), (bos, *tokens))
        assert len(result) == len(tokens) + (tokens[:1] != [bos])
    else:
        assert result == tuple(tokens)
