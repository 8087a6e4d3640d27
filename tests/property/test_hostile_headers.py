"""Real headers, damaged: a reader answers within bounds, or refuses the file as malformed.

What it still accepts can be planned, or is refused by the planner. The full runs are soak tests.
"""

import json
import struct
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import gguf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lmrt.adapters.gguf
import lmrt.adapters.safetensors
from lmrt.adapters.gguf import GgufReader, check_vocabulary
from lmrt.adapters.safetensors import SafetensorsReader
from lmrt.bootstrap.models import bundled_models
from lmrt.domain.describe import merged
from lmrt.domain.errors import LoadFailed, NoExecutablePlan
from lmrt.domain.models import ArtifactFormat, DescribedArtifact
from lmrt.domain.planning import plan
from lmrt.domain.plans import PlanRequest
from tests.support.blueprints import BLUEPRINTS
from tests.support.bounds import bounded
from tests.support.gguf_bytes import architecture
from tests.support.mutations import (
    NUMBERS,
    Mutation,
    constants,
    json_mutations,
    mutated,
    mutations,
)
from tests.support.safetensors_bytes import LLAMA_CONFIG, LLAMA_TENSORS, tensors, write_directory
from tests.support.worlds import GIB, gguf_backend, gpu, machine

MIB = 2**20
CALLS = 20_000_000
"""Calls of functions: some 4 million texts may stand in a header, and each is looked at."""
GUIDE = bundled_models()["guide"]
WORLD = machine(64 * GIB, accelerators=(gpu(24 * GIB),))
PROBE = gguf_backend(formats=frozenset(ArtifactFormat))


def check_refusal(error: LoadFailed) -> None:
    assert error.code == "malformed-file"
    assert error.message.isprintable()
    assert len(error.message) < 2000


def examine(read: Callable[[], tuple[DescribedArtifact, ...]], size: int) -> None:
    """Read within bounds, and plan what was read."""
    try:
        found = bounded(read, calls=CALLS, memory=64 * MIB)
    except LoadFailed as error:
        check_refusal(error)
        return
    for described in found:
        assert 0 <= described.artifact.weights.total <= size
        assert len(described.artifact.weights.layers) == len(described.shape.layers)
        model = merged(
            [described], reference="x", location="x", resolved_as="path", fallback_name="x"
        )
        with suppress(NoExecutablePlan):
            plan(PlanRequest(), model, WORLD, [PROBE])


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def gguf_head(path: Path) -> tuple[bytes, int]:
    """Return the bytes before a file's tensors, and its whole size."""
    reader = gguf.GGUFReader(path)
    with path.open("rb") as file:
        return file.read(reader.data_offset), path.stat().st_size


def hollow(name: str) -> tuple[bytes, int]:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "model.gguf"
        BLUEPRINTS[name]().write(path)
        return gguf_head(path)


HEADS = [gguf_head(GUIDE / "guide-F32.gguf"), hollow("llama"), hollow("gemma3")]
HEAD_BYTES = [head for head, _ in HEADS]
SHARE = 6000
"""Bytes at a header's start that are damaged; what follows is more of the same."""


def sparse(path: Path, data: bytes, size: int) -> int:
    with path.open("wb") as file:
        file.write(data)
        file.truncate(max(size, len(data)))
    return max(size, len(data))


def gguf_case(folder: Path, head: tuple[bytes, int], changes: Sequence[Mutation]) -> None:
    path = folder / "model.gguf"
    size = sparse(path, mutated(head[0], changes), head[1])
    examine(lambda: GgufReader().read(path), size)
    try:
        bounded(lambda: check_vocabulary(path), calls=CALLS, memory=256 * MIB)
    except LoadFailed as error:
        check_refusal(error)


GGUF_CASES = given(head=st.sampled_from(HEADS), changes=mutations(SHARE, HEAD_BYTES))


@GGUF_CASES
def test_a_damaged_real_gguf_header(
    folder: Path, head: tuple[bytes, int], changes: list[Mutation]
) -> None:
    gguf_case(folder, head, changes)


FULL = settings(max_examples=20_000, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.soak
@pytest.mark.timeout(3600)
@FULL
@GGUF_CASES
def test_many_damaged_real_gguf_headers(
    folder: Path, head: tuple[bytes, int], changes: list[Mutation]
) -> None:
    gguf_case(folder, head, changes)


_ADAPTERS = Path(lmrt.adapters.gguf.__file__).parent
GGUF_KEYS = [
    key if key.startswith(("general.", "split.", "tokenizer.")) else f"llama.{key.lstrip('.')}"
    for key in constants(_ADAPTERS, r"\.?[a-z0-9_]+(\.[a-z0-9_]+)*")
]
GGUF_VALUES = st.one_of(
    st.sampled_from([number for number in NUMBERS if number < 2**32]),
    st.sampled_from([-1, 0.0, 0.5, float("nan"), float("inf"), True, "", "\x1b[2J", "x" * 300]),
    st.lists(st.sampled_from([0, 1, 2, 2**31]), max_size=4),
    st.lists(st.booleans(), max_size=4),
)


@given(
    name=st.sampled_from(["llama", "gemma3", "mamba2", "nemotron_h", "deepseek2", "gemma3n"]),
    values=st.dictionaries(st.sampled_from(GGUF_KEYS), GGUF_VALUES, min_size=1, max_size=6),
)
@settings(max_examples=3 * settings().max_examples)
def test_any_value_of_any_key_of_a_gguf(folder: Path, name: str, values: dict[str, Any]) -> None:
    file = architecture(name)
    for key, value in values.items():
        file.pair(key.replace("llama.", f"{name}.", 1), value)
    path = folder / "model.gguf"
    path.write_bytes(file.build())
    examine(lambda: GgufReader().read(path), path.stat().st_size)


@pytest.fixture(scope="module")
def directory(folder: Path) -> Path:
    return write_directory(folder / "model")


def with_file(directory: Path, name: str, data: bytes, size: int = 0) -> None:
    """Read the directory with a file of it replaced for the time."""
    path = directory / name
    sound = path.read_bytes() if path.exists() else None
    sparse(path, data, size)
    try:
        whole = sum(file.stat().st_size for file in directory.iterdir())
        examine(lambda: SafetensorsReader().read(directory), whole)
    finally:
        path.unlink()
        if sound is not None:
            path.write_bytes(sound)


def safetensors_head(data: bytes) -> tuple[bytes, int]:
    return data[8 : 8 + struct.unpack("<Q", data[:8])[0]], len(data)


ST_HEADS = [
    safetensors_head((GUIDE / "model.safetensors").read_bytes()),
    safetensors_head(tensors(LLAMA_TENSORS)),
]


def safetensors_case(
    directory: Path, head: tuple[bytes, int], changes: Sequence[Mutation], length: int | None
) -> None:
    text = mutated(head[0], changes)
    told = len(text) if length is None else length
    with_file(directory, "model.safetensors", struct.pack("<Q", told) + text, head[1])


SAFETENSORS_CASES = given(
    head=st.sampled_from(ST_HEADS),
    changes=st.one_of(
        json_mutations(1), json_mutations(3), mutations(2000, [head for head, _ in ST_HEADS])
    ),
    length=st.one_of(st.none(), st.none(), st.none(), st.sampled_from(NUMBERS)),
)


@SAFETENSORS_CASES
def test_a_damaged_real_safetensors_header(
    directory: Path, head: tuple[bytes, int], changes: list[Mutation], length: int | None
) -> None:
    safetensors_case(directory, head, changes, length)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@FULL
@SAFETENSORS_CASES
def test_many_damaged_real_safetensors_headers(
    directory: Path, head: tuple[bytes, int], changes: list[Mutation], length: int | None
) -> None:
    safetensors_case(directory, head, changes, length)


INDEX = json.dumps(
    {"metadata": {"total_size": 1}, "weight_map": dict.fromkeys(LLAMA_TENSORS, "m-1.safetensors")}
).encode()
TEXTS = {
    "model.safetensors.index.json": INDEX,
    "generation_config.json": b'{"temperature":0.5,"top_k":3,"top_p":0.9,"do_sample":true}',
    "tokenizer_config.json": b'{"chat_template":[{"name":"default","template":"x"}]}',
    "config.json": json.dumps(LLAMA_CONFIG).encode(),
}


@given(name=st.sampled_from(sorted(TEXTS)), changes=json_mutations())
@settings(max_examples=3 * settings().max_examples)
def test_damaged_texts_beside_the_weights(folder: Path, name: str, changes: list[Mutation]) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        directory = write_directory(Path(place) / "model")
        if name.endswith("index.json"):
            (directory / "model.safetensors").rename(directory / "m-1.safetensors")
        with_file(directory, name, mutated(TEXTS[name], changes))


_READER = Path(lmrt.adapters.safetensors.__file__).parent
WORDS = constants(_READER, r"[a-z][a-z0-9_]*")
CONFIG_VALUES = st.recursive(
    st.sampled_from([*WORDS, *NUMBERS, -1, 0.5, float("nan"), True, False, None, "", "M-*E"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4)
    ),
    max_leaves=8,
)


def config_case(directory: Path, changes: dict[str, object]) -> None:
    config = json.dumps({**LLAMA_CONFIG, **changes}).encode()
    with_file(directory, "config.json", config)


CONFIG_CASES = given(
    changes=st.dictionaries(st.sampled_from(WORDS), CONFIG_VALUES, min_size=1, max_size=8)
)


@CONFIG_CASES
@settings(max_examples=3 * settings().max_examples)
def test_any_value_of_any_key_of_a_configuration(
    directory: Path, changes: dict[str, object]
) -> None:
    config_case(directory, changes)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@FULL
@CONFIG_CASES
def test_many_values_of_the_keys_of_a_configuration(
    directory: Path, changes: dict[str, object]
) -> None:
    config_case(directory, changes)
