"""The tokenizers of directories and GGUFs of many families keep the port's promises."""

import importlib.util
import shutil
from pathlib import Path
from unicodedata import normalize

import gguf
import pytest

from lmrt.adapters.fake import FakeTokenizer
from lmrt.adapters.tokenizers.huggingface import open_tokenizer
from lmrt.domain.errors import LoadFailed
from lmrt.ports.text import Tokenizer
from tests.contract.tokenizer_contract import TokenizerContract
from tests.support.tiny_models import TinyModel, tokenizer
from tests.support.tokenizer_calls import encoded, open_gguf
from tests.support.tokenizer_families import NAMES, write_family
from tests.support.tokenizer_gguf import GGUF_NAMES, write_gguf

SENTENCEPIECE = ("llama-2", "mistral", "phi-3", "gemma", "gemma-4")

needs_llama_cpp = pytest.mark.skipif(
    importlib.util.find_spec("llama_cpp") is None, reason="llama-cpp-python is not installed"
)


class TestFakeTokenizer(TokenizerContract):
    def open_tokenizer(self) -> Tokenizer:
        return FakeTokenizer()


@needs_llama_cpp
class TestGgufTokenizer(TokenizerContract):
    file: Path

    @pytest.fixture(autouse=True)
    def _file(self, tiny_gguf: Path) -> None:
        self.file = tiny_gguf

    def open_tokenizer(self) -> Tokenizer:
        return open_gguf(self.file)

    def test_it_finds_the_tokens_of_the_original(self) -> None:
        text = "The quick brown fox, 12 licences — and a llama."
        original = tokenizer(TinyModel(vocabulary=320).vocabulary)
        expected = original.encode(text, add_special_tokens=False).ids
        assert encoded(self.open_tokenizer(), text, control=False) == expected

    def test_its_special_tokens_are_those_of_the_file(self) -> None:
        opened = self.open_tokenizer()
        assert opened.vocabulary_size == 320
        assert opened.bos_token == (0, "<|bos|>")
        assert (opened.eos_text, set(opened.end_tokens)) == ("<|eos|>", {1})
        assert opened.adds_bos
        assert opened.control_tokens == {
            "<|bos|>": 0,
            "<|eos|>": 1,
            "<|system|>": 2,
            "<|user|>": 3,
            "<|assistant|>": 4,
        }


@needs_llama_cpp
class TestGgufTokenizerWithUserDefinedEnd(TokenizerContract):
    """The engine recognises user-defined tokens in ordinary text; an end token must not be."""

    file: Path

    @pytest.fixture(autouse=True)
    def _file(self, tiny_gguf: Path, tmp_path: Path) -> None:
        self.file = tmp_path / "user-defined.gguf"
        shutil.copy(tiny_gguf, self.file)
        reader = gguf.GGUFReader(self.file, "r+")
        field = reader.fields["tokenizer.ggml.token_type"]
        field.parts[field.data[1]][0] = gguf.TokenType.USER_DEFINED

    def open_tokenizer(self) -> Tokenizer:
        return open_gguf(self.file)


class OfFamily(TokenizerContract):
    """A family that keeps every text, or composes letters and their marks."""

    name: str

    def kept(self, text: str) -> str:
        # Qwen composes letters; SentencePiece knows a space by this letter
        text = normalize("NFC", text) if self.name == "qwen-3" else text
        return text.replace("▁", " ") if self.name in SENTENCEPIECE else text


class TestTokenizersOfDirectories(OfFamily):
    folder: Path

    @pytest.fixture(autouse=True, params=[name for name in NAMES if name != "unigram"])
    def _folder(self, request: pytest.FixtureRequest, tmp_path: Path) -> None:
        self.name = request.param
        self.folder = write_family(self.name, tmp_path)

    def kept(self, text: str) -> str:
        kept = super().kept(text)
        # Where a text starts with a space, `Metaspace` takes it for the one to put first
        return kept.removeprefix(" ") if self.name == "mistral" else kept

    def open_tokenizer(self) -> Tokenizer:
        return open_tokenizer(self.folder)


@needs_llama_cpp
class TestTokenizersOfGgufs(OfFamily):
    file: Path

    @pytest.fixture(autouse=True, params=[name for name in GGUF_NAMES if name != "unigram"])
    def _file(self, request: pytest.FixtureRequest, tmp_path: Path) -> None:
        self.name = request.param
        self.file = write_gguf(self.name, tmp_path / "vocabulary.gguf")

    def open_tokenizer(self) -> Tokenizer:
        return open_gguf(self.file)


@needs_llama_cpp
def test_a_malformed_file_says_why(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(b"GGUF" + bytes(64))
    with pytest.raises(LoadFailed) as caught:
        open_gguf(bad)
    assert caught.value.code == "malformed-file"
    assert caught.value.note
    assert capfd.readouterr() == ("", "")


@needs_llama_cpp
def test_a_file_without_a_tokenizer_says_why(recurrent_gguf: Path) -> None:
    with pytest.raises(LoadFailed) as caught:
        open_gguf(recurrent_gguf)
    assert caught.value.code == "malformed-file"
