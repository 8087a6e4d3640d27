"""What llama.cpp would end the process for is refused before it reads a vocabulary."""

from pathlib import Path

import pytest

from lmrt.adapters.gguf import check_vocabulary
from lmrt.domain.errors import ConfigurationError, LoadFailed
from tests.support.gguf_bytes import llama
from tests.support.tiny_models import TinyModel, write_gguf
from tests.support.tokenizer_gguf import GGUF_NAMES
from tests.support.tokenizer_gguf import write_gguf as write_vocabulary

BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def refused(tmp_path: Path, model: str, tokens: object) -> LoadFailed:
    path = tmp_path / "model.gguf"
    file = llama(tokenizer__ggml__model=model, tokenizer__ggml__tokens=tokens)
    path.write_bytes(file.build())
    with pytest.raises(LoadFailed) as caught:
        check_vocabulary(path)
    assert caught.value.code == "malformed-file"
    assert caught.value.context["path"] == str(path)
    assert "tokenizer.ggml.tokens" in caught.value.message
    return caught.value


@pytest.mark.parametrize("name", GGUF_NAMES)
def test_the_families_vocabularies_are_sound(name: str, tmp_path: Path) -> None:
    check_vocabulary(write_vocabulary(name, tmp_path / "x.gguf"))


def test_a_model_and_a_file_without_a_vocabulary_are_sound(tmp_path: Path) -> None:
    check_vocabulary(write_gguf(TinyModel(), tmp_path / "tiny.gguf"))
    (tmp_path / "bare.gguf").write_bytes(llama().build())
    check_vocabulary(tmp_path / "bare.gguf")


@pytest.mark.parametrize(
    ("tokens", "shown"),
    [
        (["a", "b", "c", "b"], "the token `b` 2 times"),
        (["a", "a\0b", "a\0c"], "the token `a` 3 times"),
        (["é" * 100, "é" * 100], f"the token `{'é' * 20}` 2 times"),
    ],
)
def test_a_token_twice_is_refused(tmp_path: Path, tokens: list[str], shown: str) -> None:
    assert shown in refused(tmp_path, "gpt2", tokens).message


def test_tokens_without_a_text_are_told_apart_by_the_engine(tmp_path: Path) -> None:
    file = llama(tokenizer__ggml__model="gpt2", tokenizer__ggml__tokens=["a", "", "", "\0"])
    (tmp_path / "x.gguf").write_bytes(file.build())
    check_vocabulary(tmp_path / "x.gguf")


@pytest.mark.parametrize(
    ("tokens", "shown"),
    [
        (["<unk>", "a"], "no token for 255 bytes, the first of them 00"),
        ([token for token in BYTES if token != "<0xFE>"], "no token for 1 bytes"),
        (["a", *(token.lower() for token in BYTES)], "no token for"),
    ],
)
def test_a_vocabulary_that_cannot_spell_every_byte_is_refused(
    tmp_path: Path, tokens: list[str], shown: str
) -> None:
    assert shown in refused(tmp_path, "llama", tokens).message


def test_a_letter_s_own_token_stands_for_its_byte(tmp_path: Path) -> None:
    """As in Gemma's vocabulary, which has the tab itself."""
    tokens = ["\t", *(token for token in BYTES if token != "<0x09>")]
    file = llama(tokenizer__ggml__model="llama", tokenizer__ggml__tokens=tokens)
    (tmp_path / "x.gguf").write_bytes(file.build())
    check_vocabulary(tmp_path / "x.gguf")


@pytest.mark.parametrize("tokens", [[1, 2], "text", 3])
def test_a_list_of_another_kind_is_refused(tmp_path: Path, tokens: object) -> None:
    assert "no array of texts" in refused(tmp_path, "llama", tokens).message


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_vocabulary(tmp_path / "missing.gguf")
    assert caught.value.code == "unreadable-input"
