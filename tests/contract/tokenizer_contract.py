"""What the tokenizer port promises, as tests that every tokenizer must pass."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmrt.domain.errors import ConfigurationError
from lmrt.domain.prompts import PromptSection
from lmrt.ports.text import Tokenizer
from tests.support.tokenizer_calls import decoded, encoded, own_text

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

    def kept(self, text: str) -> str:
        """Return what the vocabulary can keep of a text: all of it."""
        return text

    @pytest.fixture
    def tokenizer(self) -> Tokenizer:
        return self.open_tokenizer()

    @pytest.mark.parametrize("text", TEXTS)
    @pytest.mark.parametrize("control", [False, True])
    def test_the_bytes_of_the_tokens_are_the_text(
        self, tokenizer: Tokenizer, text: str, control: bool
    ) -> None:
        tokens = encoded(tokenizer, text, control=control)
        assert own_text(tokenizer, tokens) == self.kept(text)

    def test_any_text_survives(self, tokenizer: Tokenizer) -> None:
        @given(st.text())
        def survives(text: str) -> None:
            tokens = encoded(tokenizer, text, control=False)
            assert own_text(tokenizer, tokens) == self.kept(text)
            assert all(0 <= token < tokenizer.vocabulary_size for token in tokens)

        survives()

    def test_a_space_of_its_own_is_put_first_or_it_is_not(self, tokenizer: Tokenizer) -> None:
        space = b" " if tokenizer.puts_space_first else b""
        assert decoded(tokenizer, encoded(tokenizer, "a", control=False)) == space + b"a"

    def test_ordinary_text_never_becomes_a_control_token(self, tokenizer: Tokenizer) -> None:
        literals = sorted(tokenizer.control_tokens)
        ids = {*tokenizer.control_tokens.values(), *tokenizer.end_tokens}

        @given(st.lists(st.sampled_from([*literals, "a", " ", "<", "|>"])).map("".join))
        def harmless(text: str) -> None:
            tokens = encoded(tokenizer, text, control=False)
            assert not ids.intersection(tokens)
            assert own_text(tokenizer, tokens) == self.kept(text)

        harmless()

    def test_control_tokens_are_recognised_where_that_is_asked(self, tokenizer: Tokenizer) -> None:
        assert tokenizer.control_tokens
        for literal, token in tokenizer.control_tokens.items():
            assert token in encoded(tokenizer, literal, control=True)
            around = encoded(tokenizer, f"one{literal}two", control=True)
            assert token in around
            assert decoded(tokenizer, around).replace(b" ", b"") == b"onetwo"

    def test_control_tokens_act_in_control_sections_only(self, tokenizer: Tokenizer) -> None:
        for literal, token in tokenizer.control_tokens.items():
            meant, content = PromptSection(literal, True), PromptSection(f"a{literal}b", False)
            tokens = list(tokenizer.encode((meant, content, meant)))
            assert tokens.count(token) == 2
            assert tokens[0] == tokens[-1] == token
            said = decoded(tokenizer, tokens).decode()
            assert said.removeprefix(" ") == f"a{literal}b"

    def test_sections_of_control_and_harmless_text_are_one_text(self, tokenizer: Tokenizer) -> None:
        turn = next(iter(tokenizer.control_tokens))
        parts = [f"{turn}\n", "Hi  there, \n world \n", f"{turn}\nand  more {turn} "]
        whole = encoded(tokenizer, "".join(parts), control=True)
        sections = [PromptSection(part, part is not parts[1]) for part in parts]
        # A section that is not control reaches from control token to control token
        sections[:2] = [PromptSection(turn, True), PromptSection("\n" + parts[1], False)]
        assert list(tokenizer.encode(sections)) == whole

    def test_control_tokens_stand_for_no_text(self, tokenizer: Tokenizer) -> None:
        for token in (*tokenizer.control_tokens.values(), *tokenizer.end_tokens):
            assert 0 <= token < tokenizer.vocabulary_size
            assert tokenizer.token_bytes(token) == b""

    def test_nothing_is_added_at_the_ends(self, tokenizer: Tokenizer) -> None:
        assert list(tokenizer.encode(())) == []
        assert encoded(tokenizer, "", control=False) == []
        assert encoded(tokenizer, "", control=True) == []
        ids = set(tokenizer.control_tokens.values())
        assert not ids.intersection(encoded(tokenizer, "text", control=True))

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
            encoded(tokenizer, "ab\ud83e", control=control)
        assert caught.value.code == "unreadable-input"

    def test_threads_do_not_disturb_each_other(self) -> None:
        tokenizer = self.open_tokenizer()
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda text: roundtrip(tokenizer, text), TEXTS * 8))
        assert answers == [self.kept(text) for text in TEXTS] * 8


def roundtrip(tokenizer: Tokenizer, text: str) -> str:
    """Return the text of the text's tokens."""
    return own_text(tokenizer, encoded(tokenizer, text, control=False))
