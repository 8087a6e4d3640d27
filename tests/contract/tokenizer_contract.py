"""What the tokenizer port promises, as tests that every tokenizer must pass."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmrt.domain.errors import ConfigurationError
from lmrt.ports.text import Tokenizer

TEXTS = (
    "Hello, world.",
    "  two spaces, a tab\tand a line\n\n",
    "Grüße — 東京 🦙",
    "zero\0byte",
    "<<|>> < | >",
    "x" * 3000,
)


class TokenizerContract:
    """Subclasses implement `open_tokenizer`, with at least one control token."""

    def open_tokenizer(self) -> Tokenizer:
        """Open the tokenizer."""
        raise NotImplementedError

    @pytest.fixture
    def tokenizer(self) -> Tokenizer:
        return self.open_tokenizer()

    @pytest.mark.parametrize("text", TEXTS)
    @pytest.mark.parametrize("control", [False, True])
    def test_the_bytes_of_the_tokens_are_the_text(
        self, tokenizer: Tokenizer, text: str, control: bool
    ) -> None:
        assert decoded(tokenizer, tokenizer.encode(text, control=control)) == text.encode()

    def test_any_text_survives(self, tokenizer: Tokenizer) -> None:
        @given(st.text())
        def survives(text: str) -> None:
            tokens = tokenizer.encode(text, control=False)
            assert decoded(tokenizer, tokens) == text.encode()
            assert all(0 <= token < tokenizer.vocabulary_size for token in tokens)

        survives()

    def test_ordinary_text_never_becomes_a_control_token(self, tokenizer: Tokenizer) -> None:
        literals = sorted(tokenizer.control_tokens)
        ids = {*tokenizer.control_tokens.values(), *tokenizer.end_tokens}

        @given(st.lists(st.sampled_from([*literals, "a", " ", "<", "|>"])).map("".join))
        def harmless(text: str) -> None:
            tokens = tokenizer.encode(text, control=False)
            assert not ids.intersection(tokens)
            assert decoded(tokenizer, tokens) == text.encode()

        harmless()

    def test_control_tokens_are_recognised_where_that_is_asked(self, tokenizer: Tokenizer) -> None:
        assert tokenizer.control_tokens
        for literal, token in tokenizer.control_tokens.items():
            assert list(tokenizer.encode(literal, control=True)) == [token]
            around = tokenizer.encode(f"one{literal}two", control=True)
            assert token in around
            assert decoded(tokenizer, around) == b"onetwo"

    def test_control_tokens_stand_for_no_text(self, tokenizer: Tokenizer) -> None:
        for token in (*tokenizer.control_tokens.values(), *tokenizer.end_tokens):
            assert 0 <= token < tokenizer.vocabulary_size
            assert tokenizer.token_bytes(token) == b""

    def test_nothing_is_added_at_the_ends(self, tokenizer: Tokenizer) -> None:
        assert list(tokenizer.encode("", control=False)) == []
        assert list(tokenizer.encode("", control=True)) == []
        ids = set(tokenizer.control_tokens.values())
        assert not ids.intersection(tokenizer.encode("text", control=True))

    def test_begin_and_end_are_control_tokens(self, tokenizer: Tokenizer) -> None:
        if tokenizer.bos_token is not None:
            token, text = tokenizer.bos_token
            assert tokenizer.control_tokens[text] == token
        else:
            assert not tokenizer.adds_bos
        if tokenizer.eos_text:
            assert tokenizer.control_tokens[tokenizer.eos_text] in tokenizer.end_tokens

    @pytest.mark.parametrize("control", [False, True])
    def test_half_a_surrogate_pair_is_refused(self, tokenizer: Tokenizer, control: bool) -> None:
        with pytest.raises(ConfigurationError) as caught:
            tokenizer.encode("ab\ud83e", control=control)
        assert caught.value.code == "unreadable-input"

    def test_threads_do_not_disturb_each_other(self) -> None:
        tokenizer = self.open_tokenizer()
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda text: roundtrip(tokenizer, text), TEXTS * 8))
        assert answers == [text.encode() for text in TEXTS] * 8


def decoded(tokenizer: Tokenizer, tokens: object) -> bytes:
    """Return the bytes of the tokens, joined."""
    assert isinstance(tokens, list | tuple)
    return b"".join(map(tokenizer.token_bytes, tokens))


def roundtrip(tokenizer: Tokenizer, text: str) -> bytes:
    """Return the bytes of the text's tokens."""
    return decoded(tokenizer, tokenizer.encode(text, control=False))
