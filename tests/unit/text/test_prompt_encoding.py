"""Prompts start with one BOS token where the model wants it, and content cannot act."""

import pytest

from lmrt.application.encoding import encode_prompt
from lmrt.domain.errors import ConfigurationError
from tests.support.letter_tokenizer import LetterTokenizer


def ids(text: str, *, adds_bos: bool) -> tuple[int, ...]:
    tokenizer = LetterTokenizer(("<s>", "</s>"), bos="<s>", adds_bos=adds_bos)
    return encode_prompt((text,), tokenizer)


def test_bos_is_added_where_the_model_wants_it() -> None:
    assert ids("a", adds_bos=True) == (0x110000, ord("a"))


def test_bos_that_the_template_wrote_is_not_doubled() -> None:
    assert ids("<s>a", adds_bos=True) == (0x110000, ord("a"))


def test_bos_that_the_template_wrote_stays_where_the_model_adds_none() -> None:
    assert ids("<s>a", adds_bos=False) == (0x110000, ord("a"))


def test_no_bos_is_invented() -> None:
    assert ids("a", adds_bos=False) == (ord("a"),)
    assert encode_prompt(("a",), LetterTokenizer(adds_bos=True)) == (ord("a"),)


def test_bos_from_content_does_not_stand_for_the_real_one() -> None:
    tokenizer = LetterTokenizer(("<s>",), bos="<s>", adds_bos=True)
    assert encode_prompt(("", "<s>", "a"), tokenizer) == (0x110000, *map(ord, "<s>a"))


def test_half_a_character_is_refused() -> None:
    broken = b"caf\xe9".decode("utf-8", "surrogateescape")
    with pytest.raises(ConfigurationError) as caught:
        ids(broken, adds_bos=False)
    assert caught.value.code == "unreadable-input"
    assert "character 4 of the rendered prompt is `U+DCE9`" in caught.value.message


def test_an_empty_prompt_is_bos_alone() -> None:
    assert ids("", adds_bos=True) == (0x110000,)
    assert ids("", adds_bos=False) == ()
