"""Pipes, links out of a folder and files that are only holes: what may lie where a model should."""

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from lmrt.adapters.gguf import GgufReader, check_vocabulary
from lmrt.adapters.safetensors import SafetensorsReader
from lmrt.domain.errors import LoadFailed
from tests.support.gguf_bytes import ARRAY, TEXT, GgufBytes, llama
from tests.support.safetensors_bytes import header, write_directory

READ: dict[str, Callable[[Path], object]] = {
    "gguf": GgufReader().read,
    "safetensors": SafetensorsReader().read,
}
HUGE = 100 * 2**30


def refused(place: Path, kind: str = "safetensors") -> LoadFailed:
    with pytest.raises(LoadFailed) as caught:
        READ[kind](place)
    assert caught.value.code == "malformed-file"
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("model.gguf", "gguf"),
        ("config.json", "safetensors"),
        ("model.safetensors", "safetensors"),
        ("generation_config.json", "safetensors"),
        ("chat_template.jinja", "safetensors"),
    ],
)
def test_a_pipe_is_no_file_and_nobody_waits_for_it(tmp_path: Path, name: str, kind: str) -> None:
    write_directory(tmp_path)
    (tmp_path / name).unlink(missing_ok=True)
    os.mkfifo(tmp_path / name)
    error = refused(tmp_path, kind)
    assert error.message == f"`{tmp_path / name}` is no ordinary file"


@pytest.mark.parametrize(
    "name",
    ["chat_template.jinja", "config.json", "tokenizer_config.json", "generation_config.json"],
)
def test_a_text_may_not_be_a_link_out_of_its_folder(tmp_path: Path, name: str) -> None:
    folder = write_directory(tmp_path / "model")
    secret = tmp_path / "secret"
    secret.write_text(json.dumps({"chat_template": "secret"}), "utf-8")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(secret)
    error = refused(folder)
    assert f"is a link to `{os.path.realpath(secret)}` outside of its folder" in error.message


def test_a_text_may_be_a_link_within_its_folder(tmp_path: Path) -> None:
    write_directory(tmp_path)
    (tmp_path / "other.jinja").write_text("{{ messages }}", "utf-8")
    (tmp_path / "chat_template.jinja").symlink_to("other.jinja")
    (found,) = SafetensorsReader().read(tmp_path)
    assert found.chat_template == "{{ messages }}"


def test_a_folder_and_its_weights_may_be_links(tmp_path: Path) -> None:
    folder = write_directory(tmp_path / "model")
    (folder / "model.safetensors").rename(tmp_path / "weights")
    (folder / "model.safetensors").symlink_to(tmp_path / "weights")
    (tmp_path / "link").symlink_to(folder)
    assert len(SafetensorsReader().read(tmp_path / "link")) == 1


def test_pickled_shards_lie_in_their_folder(tmp_path: Path) -> None:
    write_directory(tmp_path)
    (tmp_path / "model.safetensors").rename(tmp_path / "pytorch_model-00001-of-00001.bin")
    index = tmp_path / "pytorch_model.bin.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "/etc/passwd"}}), "utf-8")
    assert "names '/etc/passwd', which is no file of its folder" in refused(tmp_path).message
    own = {"weight_map": {"a": "pytorch_model-00001-of-00001.bin"}}
    index.write_text(json.dumps(own), "utf-8")
    (found,) = SafetensorsReader().read(tmp_path)
    assert index.name in [file.path for file in found.artifact.files]


def test_a_message_does_not_quote_a_whole_file(tmp_path: Path) -> None:
    data = GgufBytes().pair("k" * 60_000, 1).pair("k" * 60_000, 1).build()
    (tmp_path / "model.gguf").write_bytes(data)
    assert len(refused(tmp_path, "gguf").message) < 1000


def sparse(path: Path, start: bytes, size: int = HUGE) -> Path:
    with path.open("wb") as file:
        file.write(start)
        file.truncate(size)
    return path


def test_a_huge_hole_after_a_header_is_refused_at_once(tmp_path: Path) -> None:
    sparse(tmp_path / "model.gguf", GgufBytes(pairs_claimed=2**16, tensors_claimed=2**17).build())
    refused(tmp_path, "gguf")
    write_directory(tmp_path)
    weights = tmp_path / "model.safetensors"
    sparse(weights, struct.pack("<Q", HUGE - 8))
    assert "claims a header of" in refused(tmp_path).message
    sparse(weights, struct.pack("<Q", 2**60))
    assert "is truncated" in refused(tmp_path).message
    sparse(weights, struct.pack("<Q", 2**24))
    assert "is no JSON in its header" in refused(tmp_path).message
    sparse(weights, header({}))
    assert "bytes that no tensor of it claims" in refused(tmp_path).message


def test_a_vocabulary_of_one_huge_token_is_refused(tmp_path: Path) -> None:
    token = struct.pack("<IQ", TEXT, 1) + struct.pack("<Q", HUGE)
    start = llama().raw_pair("tokenizer.ggml.tokens", ARRAY, token)
    at = start.build().index(token) + len(token)
    path = sparse(tmp_path / "model.gguf", start.build()[:at], HUGE + at)
    with path.open("r+b") as file:
        file.seek(HUGE + at)
        file.write(start.build()[at:])
    with pytest.raises(LoadFailed) as caught:
        check_vocabulary(path)
    assert "bytes of texts" in caught.value.message


@pytest.mark.parametrize("text", ["[0" + ",0" * 2**21 + "]", '{"a":' + "[]," * 10 + "[" * 2**21])
def test_more_values_than_any_model_has_are_not_parsed(tmp_path: Path, text: str) -> None:
    write_directory(tmp_path)
    (tmp_path / "generation_config.json").write_text(text, "utf-8")
    assert "holds more than 2,097,152 values" in refused(tmp_path).message
