"""Bytes become characters as soon as they can, and the same ones however they are cut."""

from hypothesis import given
from hypothesis import strategies as st

from lmrt.domain.text import Utf8Assembler

# Random bytes are rarely near-valid UTF-8; these are: lead bytes, continuations, surrogates
NEAR_UTF8 = st.lists(
    st.one_of(
        st.binary(max_size=3),
        st.characters().map(lambda letter: letter.encode("utf-8", "surrogatepass")),
        st.characters().map(lambda letter: letter.encode("utf-8", "surrogatepass")[:-1]),
        st.sampled_from([b"\xf0\x9f", b"\xed\xa0\x80", b"\xc0\x80", b"\xf5", b"\xe2\x82"]),
    ),
    max_size=12,
)


@given(NEAR_UTF8)
def test_any_cut_gives_what_decoding_the_whole_gives(chunks: list[bytes]) -> None:
    assembler = Utf8Assembler()
    text = "".join([assembler.push(chunk) for chunk in chunks]) + assembler.flush()
    assert text == b"".join(chunks).decode("utf-8", "replace")


@given(st.text(max_size=20))
def test_a_character_comes_with_its_last_byte(text: str) -> None:
    assembler = Utf8Assembler()
    for letter in text:
        data = letter.encode("utf-8")
        assert [assembler.push(data[i : i + 1]) for i in range(len(data))] == [
            *[""] * (len(data) - 1),
            letter,
        ]
    assert assembler.flush() == ""


@given(NEAR_UTF8, st.text(max_size=5))
def test_after_a_flush_it_starts_anew(chunks: list[bytes], text: str) -> None:
    assembler = Utf8Assembler()
    for chunk in chunks:
        assembler.push(chunk)
    assembler.flush()
    assert assembler.push(text.encode("utf-8")) + assembler.flush() == text


def test_an_impossible_byte_is_replaced_at_once() -> None:
    assembler = Utf8Assembler()
    assert assembler.push(b"a\xff") == "a\ufffd"
    assert assembler.push(b"\xf0\x9f") == ""
    assert assembler.push(b"b") == "\ufffdb"
