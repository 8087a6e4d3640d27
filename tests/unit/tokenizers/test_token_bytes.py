"""The bytes of tokens, joined, are what the `tokenizers` library decodes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer

from lmrt.adapters.tokenizers.huggingface import HfTokenizer, open_tokenizer
from lmrt.adapters.tokenizers.spelling import UnknownDecoderError, spelling
from tests.support.tiny_tokenizers import FAMILIES, SPECIALS, TEXTS, Family, write_tokenizer

LOSSLESS: tuple[Family, ...] = (
    "byte-level",
    "sentencepiece-legacy",
    "sentencepiece-first",
    "sentencepiece-bare",
)
PREFIXED: tuple[Family, ...] = ("sentencepiece-legacy", "sentencepiece-first")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[Family, Path]:
    root = tmp_path_factory.mktemp("tokenizers")
    return {family: write_tokenizer(family, root / family) for family in FAMILIES}


@pytest.fixture(scope="module")
def opened(folders: dict[Family, Path]) -> dict[Family, HfTokenizer]:
    return {family: open_tokenizer(folder) for family, folder in folders.items()}


def joined(tokenizer: HfTokenizer, text: str) -> bytes:
    return b"".join(tokenizer.token_bytes(token) for token in tokenizer.encode(text, control=True))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("text", TEXTS)
def test_joined_bytes_are_the_decoded_text(
    family: Family, text: str, folders: dict[Family, Path], opened: dict[Family, HfTokenizer]
) -> None:
    library = Tokenizer.from_file(str(folders[family] / "tokenizer.json"))
    decoded = library.decode(library.encode(text, add_special_tokens=False).ids)
    # Vocabularies that mark the start of words strip the first mark when they decode a whole text
    marks_words = family not in ("byte-level", "sentencepiece-bare")
    assert joined(opened[family], text).decode() == (" " if marks_words else "") + decoded


@pytest.mark.parametrize("family", LOSSLESS)
@given(text=st.text(max_size=20).filter(lambda text: "<" not in text and "▁" not in text))
def test_any_text_survives_where_the_vocabulary_spells_bytes(
    family: Family, text: str, opened: dict[Family, HfTokenizer]
) -> None:
    result = joined(opened[family], text).decode()
    assert result == text or (family in PREFIXED and result == " " + text)


@pytest.mark.parametrize("family", FAMILIES)
def test_control_tokens_have_no_bytes(family: Family, opened: dict[Family, HfTokenizer]) -> None:
    assert [opened[family].token_bytes(token) for token in range(len(SPECIALS))] == [b""] * 4


@pytest.mark.parametrize("family", FAMILIES)
def test_added_tokens_that_are_not_control_tokens_are_their_letters(
    family: Family, tmp_path: Path
) -> None:
    added = tuple(AddedToken(text, normalized=False) for text in ("<think>", "é▁x", "##y"))
    tokenizer = open_tokenizer(write_tokenizer(family, tmp_path, added=added))
    for token in added:
        (identity,) = tokenizer.encode(token.content, control=True)[-1:]
        assert tokenizer.token_bytes(identity) == token.content.encode()


def test_ids_beyond_the_vocabulary_have_no_bytes(opened: dict[Family, HfTokenizer]) -> None:
    tokenizer = opened["byte-level"]
    assert tokenizer.token_bytes(tokenizer.vocabulary_size) == b""
    assert tokenizer.token_bytes(tokenizer.vocabulary_size - 1) != b""


def test_a_byte_token_is_one_byte(opened: dict[Family, HfTokenizer]) -> None:
    tokenizer = opened["sentencepiece-bare"]
    ids = tokenizer.encode("😀", control=True)
    assert [tokenizer.token_bytes(token) for token in ids] == [b"\xf0", b"\x9f", b"\x98", b"\x80"]


def test_decoders_that_are_not_of_language_models_are_refused() -> None:
    with pytest.raises(UnknownDecoderError, match="CTC"):
        spelling({"type": "Sequence", "decoders": [{"type": "Fuse"}, {"type": "CTC"}]})


def test_a_strip_of_every_token_is_refused_and_one_of_the_whole_text_ignored() -> None:
    strip = {"type": "Strip", "content": " ", "start": 1, "stop": 0}
    with pytest.raises(UnknownDecoderError, match="Strip"):
        spelling(strip)
    assert spelling({"type": "Sequence", "decoders": [{"type": "Fuse"}, strip]})(" a") == b" a"


@pytest.mark.parametrize(
    ("decoder", "entry", "expected"),
    [
        (None, "word", b" word"),
        ({"type": "BPEDecoder", "suffix": "</w>"}, "word</w>", b"word "),
        ({"type": "Metaspace", "replacement": "_"}, "_word", b" word"),
        ({"type": "WordPiece", "prefix": "@@"}, "@@ing", b"ing"),
        ({"type": "ByteFallback"}, "<0x0a>", b"\n"),
        ({"type": "ByteFallback"}, "<0x0A> ", b"<0x0A> "),
        ({"type": "ByteLevel"}, "Ġa", b" a"),
        ({"type": "ByteLevel"}, "a b", b"a b"),
    ],
)
def test_each_decoder_spells_its_marks(
    decoder: dict[str, str] | None, entry: str, expected: bytes
) -> None:
    assert spelling(decoder)(entry) == expected
