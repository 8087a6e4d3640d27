"""An answer's text does not depend on how its letters are cut into tokens."""

from collections.abc import Mapping, Sequence

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from lmrt.application.answer import Answer
from lmrt.domain.prompts import PromptSection
from lmrt.domain.responses import FinishReason
from lmrt.domain.sequences import (
    EndReason,
    SequenceEnded,
    SequenceHandle,
    TokenLogprobs,
    TokenSampled,
)

END = 1000
ONE = SequenceHandle(0)
TEXTS = st.text(st.sampled_from(["a", "b", " ", "é", "東", "👩", "\u200d", "👧", "\u0301", "\n"]))


@frozen
class PieceTokenizer:
    """`Tokenizer` whose tokens stand for any bytes; it only speaks."""

    pieces: Sequence[bytes]
    vocabulary_size: int = END + 1
    end_tokens: frozenset[int] = frozenset({END})
    bos_token: tuple[int, str] | None = None
    eos_text: str = ""
    adds_bos: bool = False
    puts_space_first: bool = True
    control_tokens: Mapping[str, int] = {}

    def encode(self, sections: Sequence[PromptSection]) -> Sequence[int]:
        raise NotImplementedError

    def token_bytes(self, token: int) -> bytes:
        return self.pieces[token] if token < len(self.pieces) else b""


@st.composite
def cut_texts(draw: st.DrawFn) -> tuple[str, list[bytes]]:
    """Return a text and its bytes, cut anywhere, with empty pieces."""
    text = draw(TEXTS)
    data = text.encode()
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    return text, [data[start:end] for start, end in zip([0, *places], [*places, None], strict=True)]


def answer(
    pieces: Sequence[bytes], *, stops: tuple[str, ...] = (), spare_space: bool = False
) -> tuple[Answer, list[str]]:
    """Return the answer of tokens that stand for the pieces, ended by an end token."""
    said: list[str] = []
    result = Answer(
        tokenizer=PieceTokenizer(pieces),
        prompt_tokens=1,
        stops=stops,
        end_tokens=frozenset({END}),
        clock=lambda: 0.0,
        emit=said.append,
        spare_space=spare_space,
    )
    for token in (*range(len(pieces)), END):
        if result.finish_reason is None:
            result.take(TokenSampled(ONE, token, None))
    result.take(SequenceEnded(ONE, EndReason.END_TOKEN))
    return result, said


@given(cut_texts())
def test_pieces_of_any_size_give_the_text(cut: tuple[str, list[bytes]]) -> None:
    text, pieces = cut
    result, said = answer(pieces)
    assert result.text == "".join(said) == text
    assert "" not in said
    assert result.usage.completion_tokens == len(pieces)
    assert result.finish_reason is FinishReason.STOP


@given(cut_texts())
def test_the_first_space_alone_is_spared(cut: tuple[str, list[bytes]]) -> None:
    text, pieces = cut
    result, _ = answer(pieces, spare_space=True)
    assert result.text == text.removeprefix(" ")


@given(cut_texts(), st.lists(st.sampled_from(["ab", "é", "👩\u200d👧", " ", "a\n"]), max_size=2))
def test_a_stop_text_ends_it_wherever_the_cuts_are(
    cut: tuple[str, list[bytes]], stops: list[str]
) -> None:
    text, pieces = cut
    result, _ = answer(pieces, stops=tuple(stops))
    assert result.text == answer([text.encode()], stops=tuple(stops))[0].text


def test_letters_wait_until_they_are_whole() -> None:
    data = "é👩\u200d👧".encode()
    _, said = answer([bytes([byte]) for byte in data])
    assert said == ["é", "👩", "\u200d", "👧"]


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ([b" Hello", b" you"], "Hello you"),
        ([b"", b" Hello"], "Hello"),
        ([b" ", b" Hello"], " Hello"),
        ([b"Hello", b" you"], "Hello you"),
        ([b" "], ""),
        ([b"\xf0\x9f", b"\x91\xa9"], "👩"),
    ],
)
def test_the_vocabulary_s_space_is_not_the_answer_s(pieces: list[bytes], text: str) -> None:
    assert answer(pieces, spare_space=True)[0].text == text


def test_an_unfinished_letter_is_replaced_at_the_end() -> None:
    assert answer([b"a\xf0\x9f"])[0].text == "a\ufffd"


def test_logprobs_keep_the_token_s_own_bytes() -> None:
    result = Answer(
        tokenizer=PieceTokenizer([b" a"]),
        prompt_tokens=1,
        stops=(),
        end_tokens=frozenset({END}),
        clock=lambda: 0.0,
        emit=lambda _text: None,
        spare_space=True,
    )
    result.take(TokenSampled(ONE, 0, TokenLogprobs(-1.0, ((0, -1.0), (END, -2.0)))))
    (logprob,) = result.logprobs
    assert result.text == "a"
    assert (logprob.token, logprob.data) == (0, b" a")
