"""Whatever the bytes of a model's file are, its reader answers, or refuses it as malformed.

The files start out sound and are then damaged in a few places, most of which a header's length,
count or offset stands at. What a reader still accepts must fit into the file.
"""

import json
import struct
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lmrt.adapters.gguf import GgufReader
from lmrt.adapters.safetensors import SafetensorsReader
from lmrt.domain.errors import LoadFailed
from lmrt.domain.models import DescribedArtifact
from tests.support.gguf_bytes import architecture, llama
from tests.support.tiny_models import TinyModel, write_hf

Damage = Callable[[bytes], bytes]

INTERESTING = [
    0,
    1,
    2,
    8,
    31,
    32,
    255,
    2**16,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**63 - 1,
    2**63,
    2**64 - 1,
]

GGUFS = [
    llama(
        tokenizer__ggml__tokens=["<s>", "</s>", "a", "b"],
        tokenizer__ggml__scores=[0.0, 0.0, -1.0, -2.0],
        tokenizer__chat_template="{{ messages }}",
        general__sampling__temp=0.5,
        general__alignment=32,
    ).build(),
    architecture(
        "gemma4",
        attention__sliding_window=512,
        attention__sliding_window_pattern=[True, False],
        attention__head_count_kv=[2, 1],
    ).build(),
    architecture("mamba2", ssm__conv_kernel=4, ssm__inner_size=128, ssm__state_size=16).build(),
]
GGUF_HEADER = 1200


def overwrite(at: int, data: bytes) -> Damage:
    return lambda file: file[:at] + data + file[at + len(data) :]


def cut(at: int) -> Damage:
    return lambda file: file[:at]


def insert(at: int, data: bytes) -> Damage:
    return lambda file: file[:at] + data + file[at:]


def remove(at: int, count: int) -> Damage:
    return lambda file: file[:at] + file[at + count :]


def damages(reach: int) -> st.SearchStrategy[list[Damage]]:
    """Return changes within the first `reach` bytes of a file."""
    places = st.integers(0, reach)
    words = st.sampled_from(INTERESTING).map(lambda value: struct.pack("<Q", value))
    one = st.one_of(
        st.builds(overwrite, places, words),
        st.builds(overwrite, places, words.map(lambda word: word[:4])),
        st.builds(overwrite, places, st.binary(min_size=1, max_size=3)),
        st.builds(insert, places, st.binary(min_size=1, max_size=9)),
        st.builds(remove, places, st.integers(1, 9)),
        st.builds(cut, places),
    )
    return st.lists(one, min_size=1, max_size=3)


def damaged(file: bytes, changes: list[Damage]) -> bytes:
    for change in changes:
        file = change(file)
    return file


def check(found: tuple[DescribedArtifact, ...], size: int) -> None:
    for described in found:
        artifact = described.artifact
        assert 0 < artifact.weights.total <= size
        assert len(artifact.weights.layers) == len(described.shape.layers)
        assert artifact.quantization.bits_per_weight > 0


def check_refusal(error: LoadFailed, place: Path) -> None:
    assert error.code == "malformed-file"
    assert error.message.isprintable()
    assert Path(error.context["path"]).is_relative_to(place)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@given(file=st.sampled_from(GGUFS), changes=damages(GGUF_HEADER))
@settings(max_examples=5 * settings().max_examples)
def test_a_damaged_gguf_is_read_or_refused(
    folder: Path, file: bytes, changes: list[Damage]
) -> None:
    path = folder / "model.gguf"
    data = damaged(file, changes)
    path.write_bytes(data)
    try:
        found = GgufReader().read(path)
    except LoadFailed as error:
        check_refusal(error, folder)
    else:
        check(found, len(data))


@given(data=st.binary(max_size=200))
@example(b"GGUF")
def test_any_bytes_after_the_magic_are_read_or_refused(folder: Path, data: bytes) -> None:
    path = folder / "model.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<I", 3) + data)
    with pytest.raises(LoadFailed):
        GgufReader().read(path)


@pytest.fixture(scope="module")
def directory(folder: Path) -> Path:
    return write_hf(TinyModel(layers=1, hidden=8, heads=2, feed_forward=8), folder / "tiny")


@given(changes=damages(900))
@settings(max_examples=2 * settings().max_examples)
def test_a_damaged_safetensors_file_is_read_or_refused(
    directory: Path, changes: list[Damage]
) -> None:
    path = directory / "model.safetensors"
    sound = path.read_bytes()
    data = damaged(sound, changes)
    path.write_bytes(data)
    try:
        found = SafetensorsReader().read(directory)
    except LoadFailed as error:
        check_refusal(error, directory)
    else:
        check(found, len(data))
    finally:
        path.write_bytes(sound)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)

CONFIG_KEYS = st.sampled_from(
    [
        "attn_layer_period", "auto_map", "do_sample", "head_dim", "hidden_size", "layer_types",
        "max_position_embeddings", "model_type", "num_attention_heads", "num_hidden_layers",
        "num_key_value_heads", "quantization", "quantization_config", "sliding_window",
        "temperature", "text_config", "top_k", "vision_config", "vocab_size", "chat_template",
    ]
)  # fmt: skip


@given(
    name=st.sampled_from(["config.json", "generation_config.json", "tokenizer_config.json"]),
    changes=st.dictionaries(CONFIG_KEYS, JSON, min_size=1, max_size=3),
)
@settings(max_examples=2 * settings().max_examples)
def test_any_value_in_a_configuration_is_read_or_refused(
    directory: Path, name: str, changes: dict[str, object]
) -> None:
    path = directory / name
    sound = path.read_text("utf-8")
    path.write_text(json.dumps({**json.loads(sound), **changes}), "utf-8")
    try:
        SafetensorsReader().read(directory)
    except LoadFailed as error:
        check_refusal(error, directory)
    finally:
        path.write_text(sound, "utf-8")


@given(data=st.binary(max_size=60) | st.text(alphabet='[{"a:1,}]\\u ', max_size=60).map(str.encode))
@example(b"[" * 100_000)
@example(b'{"a":' * 100_000)
@example(b"9" * 5_000)
def test_any_bytes_as_a_configuration_are_read_or_refused(directory: Path, data: bytes) -> None:
    path = directory / "generation_config.json"
    path.write_bytes(data)
    try:
        SafetensorsReader().read(directory)
    except LoadFailed as error:
        check_refusal(error, path)
    finally:
        path.write_text("{}", "utf-8")
