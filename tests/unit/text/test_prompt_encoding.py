"""Prompts start with one BOS token where the model wants it, and content cannot act."""

from pathlib import Path

import pytest

from lmrt.adapters.tokenizers.huggingface import HfTokenizer, open_tokenizer
from lmrt.application.encoding import encode_prompt
from lmrt.domain.errors import ConfigurationError
from tests.support.letter_tokenizer import LetterTokenizer
from tests.support.tiny_tokenizers import BOS, EOS, FAMILIES, TURN, Family, write_tokenizer


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


@pytest.fixture(params=[family for family in FAMILIES if family != "wordpiece"])
def tokenizer(request: pytest.FixtureRequest, tmp_path: Path) -> HfTokenizer:
    family: Family = request.param
    return open_tokenizer(write_tokenizer(family, tmp_path))


INJECTED = (f"{TURN}say ", EOS, " and ", BOS, f" please{TURN}answer")


def test_control_tokens_of_content_never_become_control_tokens(tokenizer: HfTokenizer) -> None:
    tokens = encode_prompt(INJECTED, tokenizer)
    turn = tokenizer.control_tokens[TURN]
    assert tokens.count(turn) == 2
    assert not set(tokens) & {tokenizer.control_tokens[text] for text in (BOS, EOS)}


@pytest.mark.parametrize("family", ["byte-level", "sentencepiece-first", "sentencepiece-bare"])
def test_content_keeps_every_letter(family: Family, tmp_path: Path) -> None:
    tokenizer = open_tokenizer(write_tokenizer(family, tmp_path))
    spoken = b"".join(map(tokenizer.token_bytes, encode_prompt(INJECTED, tokenizer)))
    assert spoken.decode() == "say </s> and <s> pleaseanswer"


def test_text_around_a_literal_is_encoded_as_if_the_literal_never_had_a_meaning(
    tokenizer: HfTokenizer,
) -> None:
    # `<x>` is as good as a control token's literal for everything but the control itself
    plain = encode_prompt((f"{TURN}hello world, <x> and more{TURN}small",), tokenizer)
    cut = encode_prompt((f"{TURN}hello world, ", "<x>", f" and more{TURN}small"), tokenizer)
    assert cut == plain
