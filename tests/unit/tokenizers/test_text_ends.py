"""What starts and ends a text is read from every file that declares it."""

import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, processors

from lmrt.adapters.tokenizers import HfTokenizerFactory
from lmrt.adapters.tokenizers.huggingface import open_tokenizer
from lmrt.domain.errors import LoadFailed
from lmrt.domain.models import (
    Artifact,
    ArtifactFormat,
    LocalSource,
    Quantization,
    WeightBytes,
)
from lmrt.ports.text import TokenizerFactory
from tests.support.tokenizer_calls import decoded, encoded
from tests.support.tokenizer_families import write_family

BOS, EOS = "<|im_start|>", "<|im_end|>"


def declare(folder: Path, name: str, **values: Any) -> None:
    (folder / name).write_text(json.dumps(values), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_family("smollm", tmp_path)


def add_template(folder: Path) -> None:
    path = str(folder / "tokenizer.json")
    tokenizer = Tokenizer.from_file(path)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", special_tokens=[(BOS, 1)]
    )
    tokenizer.save(path)


def test_end_tokens_of_all_files_count(folder: Path) -> None:
    declare(folder, "generation_config.json", eos_token_id=[3, 7])
    declare(folder, "config.json", eos_token_id=9, text_config={"eos_token_id": 11})
    assert open_tokenizer(folder).end_tokens == {2, 3, 7, 9, 11}


def test_without_other_files_the_declared_eos_ends(folder: Path) -> None:
    assert open_tokenizer(folder).end_tokens == {2}


def test_token_texts_may_be_objects(folder: Path) -> None:
    declare(folder, "tokenizer_config.json", bos_token={"content": BOS}, eos_token=None)
    declare(folder, "special_tokens_map.json", eos_token={"content": EOS})
    tokenizer = open_tokenizer(folder)
    assert tokenizer.bos_token == (1, BOS)
    assert tokenizer.eos_text == EOS


def test_ids_alone_give_the_texts(folder: Path) -> None:
    declare(folder, "tokenizer_config.json")
    declare(folder, "config.json", bos_token_id=1, eos_token_id=2)
    tokenizer = open_tokenizer(folder)
    assert (tokenizer.bos_token, tokenizer.eos_text) == ((1, BOS), EOS)
    assert tokenizer.end_tokens == {2}


def test_nothing_declared_is_nothing(folder: Path) -> None:
    declare(folder, "tokenizer_config.json")
    tokenizer = open_tokenizer(folder)
    assert tokenizer.bos_token is None
    assert (tokenizer.adds_bos, tokenizer.eos_text) == (False, "")
    assert tokenizer.end_tokens == set()


def test_the_post_processor_tells_whether_bos_is_added(folder: Path) -> None:
    assert open_tokenizer(folder).adds_bos is False
    add_template(folder)
    assert open_tokenizer(folder).adds_bos is True
    assert 1 not in encoded(open_tokenizer(folder), "hello", control=True)


@pytest.mark.parametrize("adds", [True, False])
def test_an_explicit_setting_overrides_the_post_processor(folder: Path, *, adds: bool) -> None:
    if not adds:
        add_template(folder)
    declare(folder, "tokenizer_config.json", bos_token=BOS, add_bos_token=adds)
    assert open_tokenizer(folder).adds_bos is adds


def test_cuts_and_padding_of_the_training_are_dropped(folder: Path) -> None:
    path = str(folder / "tokenizer.json")
    library = Tokenizer.from_file(path)
    library.enable_truncation(3)
    library.enable_padding(length=64)
    library.save(path)
    text = "the quick brown fox jumps over the lazy dog"
    tokenizer = open_tokenizer(folder)
    for control in (True, False):
        ids = encoded(tokenizer, text, control=control)
        assert decoded(tokenizer, ids).decode() == text


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("tokenizer.json", "{", "EOF"),
        ("tokenizer.json", "{}", "Model missing"),
        ("tokenizer_config.json", "[]", "it is not a JSON object"),
        ("tokenizer_config.json", "\xff", "it is not JSON"),
        ("tokenizer_config.json", '{"bos_token": 3}', "`bos_token` is 3, not a token's text"),
        ("tokenizer_config.json", '{"additional_special_tokens": "x"}', "not a list of tokens"),
        ("tokenizer_config.json", '{"extra_special_tokens": [[]]}', "is [], not a token's text"),
        ("tokenizer_config.json", '{"added_tokens_decoder": [1]}', "not an object of tokens"),
        ("tokenizer_config.json", '{"added_tokens_decoder": {"-1": {"content": "x"}}}', "'-1'"),
        ("tokenizer_config.json", '{"added_tokens_decoder": {"1": "x"}}', "has 'x' as token '1'"),
        ("config.json", '{"eos_token_id": "2"}', "`eos_token_id` is '2', not a token id"),
        ("generation_config.json", '{"eos_token_id": [true]}', "`eos_token_id` is [True]"),
        ("generation_config.json", "[" * 100_000, "it is not JSON"),
    ],
)
def test_a_malformed_file_is_named(folder: Path, name: str, content: str, reason: str) -> None:
    (folder / name).write_bytes(content.encode("latin-1"))
    with pytest.raises(LoadFailed) as caught:
        open_tokenizer(folder)
    assert caught.value.code == "malformed-file"
    assert caught.value.message.startswith(f"`{folder / name}` is malformed: ")
    assert reason in caught.value.message


def test_a_directory_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LoadFailed, match="there is no such file") as caught:
        open_tokenizer(tmp_path)
    assert caught.value.code == "malformed-file"


def test_the_factory_opens_the_directory(folder: Path) -> None:
    factory: TokenizerFactory = HfTokenizerFactory()
    artifact = Artifact(
        id="safetensors",
        format=ArtifactFormat.SAFETENSORS,
        architecture="llama",
        quantization=Quantization("F32", 32.0),
        files=(),
        weights=WeightBytes((), 0, 0),
        source=LocalSource(folder),
    )
    assert factory.open(artifact, folder).bos_token == (1, BOS)
