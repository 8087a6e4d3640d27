"""The bytes of tokens, joined, are what the `tokenizers` library decodes."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from tokenizers import Tokenizer

from lmrt.adapters.tokenizers.huggingface import HfTokenizer, open_tokenizer
from lmrt.adapters.tokenizers.spelling import UnknownDecoderError, spelling, strips_first_space
from tests.support.tokenizer_calls import encoded, own_text
from tests.support.tokenizer_families import NAMES, added, family, write_family
from tests.support.tokenizer_texts import TEXTS, texts


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, HfTokenizer]:
    root = tmp_path_factory.mktemp("tokenizers")
    return {name: open_tokenizer(write_family(name, root / name)) for name in NAMES}


def library(name: str) -> Tokenizer:
    return Tokenizer.from_str(json.dumps(family(name).file))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", TEXTS)
def test_joined_bytes_are_the_decoded_text(
    name: str, text: str, opened: dict[str, HfTokenizer]
) -> None:
    ids = encoded(opened[name], text, control=False)
    expected = library(name).decode(ids, skip_special_tokens=True)
    assert own_text(opened[name], ids) == expected


@pytest.mark.parametrize("name", NAMES)
def test_any_text_is_decoded_alike(name: str, opened: dict[str, HfTokenizer]) -> None:
    theirs, ours = library(name), opened[name]

    @given(texts())
    def alike(text: str) -> None:
        ids = encoded(ours, text, control=False)
        assert own_text(ours, ids) == theirs.decode(ids, skip_special_tokens=True)

    alike()


@pytest.mark.parametrize("name", NAMES)
def test_control_tokens_have_no_bytes(name: str, opened: dict[str, HfTokenizer]) -> None:
    tokens = opened[name].control_tokens.values()
    assert tokens
    assert {opened[name].token_bytes(token) for token in tokens} == {b""}


def test_runs_of_spaces_that_are_added_tokens_are_spaces(opened: dict[str, HfTokenizer]) -> None:
    """Gemma adds `▁▁` and longer runs; only merges find them, since a text holds spaces."""
    ids = encoded(opened["gemma"], "a    b", control=True)
    assert [opened["gemma"].token_bytes(token) for token in ids] == [b"a", b"    ", b"b"]


@pytest.mark.parametrize("name", ["gpt-2", "llama-2", "gemma"])
def test_added_tokens_that_are_not_control_tokens_are_their_letters(
    name: str, tmp_path: Path
) -> None:
    write_family(name, tmp_path)
    file = {**family(name).file}
    size = len(file["model"]["vocab"])
    entries = [added(size + place, text, special=False) for place, text in enumerate(("<é>", "Ġx"))]
    file["added_tokens"] = [*file["added_tokens"], *entries]
    (tmp_path / "tokenizer.json").write_text(json.dumps(file), "utf-8")
    tokenizer = open_tokenizer(tmp_path)
    for entry in entries:
        assert tokenizer.token_bytes(entry["id"]) == entry["content"].encode()
        assert entry["id"] in encoded(tokenizer, f"a{entry['content']}", control=False)


def test_ids_beyond_the_vocabulary_have_no_bytes(opened: dict[str, HfTokenizer]) -> None:
    tokenizer = opened["qwen-3"]
    assert tokenizer.token_bytes(tokenizer.vocabulary_size) == b""
    assert tokenizer.token_bytes(tokenizer.vocabulary_size - 1) == b"</think>"


@pytest.mark.parametrize("name", ["gpt-2", "llama-2", "gemma"])
def test_letters_outside_the_vocabulary_are_byte_tokens(
    name: str, opened: dict[str, HfTokenizer]
) -> None:
    tokenizer = opened[name]
    ids = encoded(tokenizer, "𐍈", control=True)[-4:]
    spelled = [tokenizer.token_bytes(token) for token in ids]
    assert spelled == [b"\xf0", b"\x90", b"\x8d", b"\x88"]


def test_decoders_that_are_not_of_language_models_are_refused() -> None:
    with pytest.raises(UnknownDecoderError, match="CTC"):
        spelling({"type": "Sequence", "decoders": [{"type": "Fuse"}, {"type": "CTC"}]})


def test_a_strip_of_every_token_is_refused_and_one_of_the_whole_text_is_told_apart() -> None:
    strip = {"type": "Strip", "content": " ", "start": 1, "stop": 0}
    with pytest.raises(UnknownDecoderError, match="Strip"):
        spelling(strip)
    whole = {"type": "Sequence", "decoders": [{"type": "Fuse"}, strip]}
    assert spelling(whole)(" a") == b" a"
    assert strips_first_space(whole)


@pytest.mark.parametrize(
    ("decoder", "expected"),
    [
        (None, False),
        ({"type": "ByteLevel"}, False),
        ({"type": "Metaspace", "prepend_scheme": "always"}, True),
        ({"type": "Metaspace", "prepend_scheme": "first"}, True),
        ({"type": "Metaspace", "prepend_scheme": "never"}, False),
        ({"type": "Metaspace", "add_prefix_space": True}, True),
        ({"type": "Metaspace", "add_prefix_space": False}, False),
        ({"type": "Sequence", "decoders": [{"type": "Fuse"}]}, False),
    ],
)
def test_some_decoders_drop_the_first_space(
    decoder: dict[str, object] | None, expected: bool
) -> None:
    assert strips_first_space(decoder) is expected


@pytest.mark.parametrize(
    ("decoder", "entry", "expected"),
    [
        (None, "word", b" word"),
        ({"type": "BPEDecoder", "suffix": "</w>"}, "word</w>", b"word "),
        ({"type": "Metaspace", "replacement": "_"}, "_word", b" word"),
        ({"type": "WordPiece", "prefix": "@@"}, "@@ing", b"ing"),
        ({"type": "WordPiece", "prefix": "@@"}, "ing", b" ing"),
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
