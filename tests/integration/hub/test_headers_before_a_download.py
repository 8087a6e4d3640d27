"""Artifacts are described from a few bytes of their files, as they will be once these are here."""

import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from lmrt.adapters.huggingface.metadata import Described
from lmrt.adapters.huggingface.metadata_files import ROOM
from lmrt.adapters.huggingface.reading import read_repository
from lmrt.domain.models import (
    ArtifactFormat,
    DescribedArtifact,
    HubSource,
)
from tests.support.gguf_bytes import llama
from tests.support.hub_faults import Refusal
from tests.support.hub_metadata import (
    READERS,
    CountingClient,
    described,
    refused,
)
from tests.support.hub_server import HubServer
from tests.support.large_vocabularies import Variant, bpe_tokens
from tests.support.safetensors_bytes import write_directory, write_shards
from tests.support.tiny_models import TinyModel, write_gguf, write_hf


@pytest.fixture
def client(hub: HubServer) -> CountingClient:
    return CountingClient(hub.url)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def downloaded(folder: Path, commit: str) -> tuple[DescribedArtifact, ...]:
    """Return what the readers tell of the files themselves, as if they lay on the Hub."""
    source = HubSource("org/name", commit)
    return tuple(
        evolve(one, artifact=evolve(one.artifact, source=source))
        for one in read_repository(folder, READERS).described
    )


def mixed(folder: Path) -> None:
    write_hf(TinyModel(), folder)
    write_gguf(TinyModel(dtype="Q8_0"), folder / "tiny-Q8_0.gguf")
    write_gguf(TinyModel(dtype="F16"), folder / "F16" / "tiny-F16.gguf", split_max_tensors=5)
    (folder / "README.md").write_text("about it")


def pickled(folder: Path) -> None:
    write_directory(folder)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def variants(folder: Path) -> None:
    for name in ("a", "b", "c"):
        Variant(tokens=bpe_tokens(20_000), layers=4).write(folder / f"large-{name}.gguf")


@pytest.mark.parametrize("write", [mixed, pickled, variants, write_shards])
def test_a_repository_is_described_as_its_files_are(
    hub: HubServer,
    client: CountingClient,
    cache: Path,
    tmp_path: Path,
    write: Callable[[Path], Any],
) -> None:
    write(tmp_path / "served")
    commit = hub.add("org/name", tmp_path / "served")
    found = described(client, cache)
    assert found.artifacts == downloaded(tmp_path / "served", commit)
    assert found.notices == ()
    assert 0 < sum(client.fetched) < ROOM


def test_weights_are_never_fetched(
    hub: HubServer, client: CountingClient, cache: Path, tmp_path: Path
) -> None:
    large = TinyModel(layers=4, hidden=256, feed_forward=1024)
    write_gguf(large, tmp_path / "served" / "tiny.gguf")
    hub.add("org/name", write_hf(large, tmp_path / "served"))
    found = described(client, cache)
    assert sum(one.artifact.size for one in found.artifacts) > 20_000_000
    assert sum(client.fetched) < 200_000


def test_a_second_look_fetches_nothing(
    hub: HubServer, client: CountingClient, cache: Path, tmp_path: Path
) -> None:
    mixed(tmp_path / "served")
    hub.add("org/name", tmp_path / "served")
    first = described(client, cache)
    client.fetched.clear()
    assert described(client, cache) == first
    assert client.fetched == []
    shutil.rmtree(cache)
    assert described(client, cache) == first
    assert client.fetched != []


def test_another_commit_is_looked_at_anew_and_few_are_kept(
    hub: HubServer, client: CountingClient, cache: Path, tmp_path: Path
) -> None:
    kept = cache / "headers" / "org" / "name"
    for number in range(6):
        (tmp_path / str(number)).mkdir()
        file = llama(context_length=100 + number).build()
        (tmp_path / str(number) / "model.gguf").write_bytes(file)
        commit = hub.add("org/name", tmp_path / str(number))
        assert described(client, cache).artifacts[0].trained_context == 100 + number
        os.utime(kept / commit, (number, number))
    assert len(list(kept.iterdir())) == 4
    assert (kept / commit).is_dir()


@pytest.mark.parametrize("name", ["tiny-Q8_0.gguf", "config.json", ".sketch.json"])
@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"GGUF"])
def test_what_was_kept_and_is_damaged_is_made_anew(
    hub: HubServer,
    client: CountingClient,
    cache: Path,
    tmp_path: Path,
    name: str,
    content: bytes | None,
) -> None:
    mixed(tmp_path / "served")
    commit = hub.add("org/name", tmp_path / "served")
    first = described(client, cache)
    place = cache / "headers" / "org" / "name" / commit
    (place / name).unlink()
    if content is not None:
        (place / name).write_bytes(content)
    client.fetched.clear()
    assert described(client, cache) == first
    assert client.fetched != []
    assert [path for path in place.parent.iterdir() if path != place] == []


def test_a_cache_that_cannot_be_written_to_costs_time_only(
    hub: HubServer, client: CountingClient, cache: Path, tmp_path: Path
) -> None:
    mixed(tmp_path / "served")
    commit = hub.add("org/name", tmp_path / "served")
    cache.write_text("a file where a folder should be")
    for _ in range(2):
        client.fetched.clear()
        assert described(client, cache).artifacts == downloaded(tmp_path / "served", commit)
        assert client.fetched != []


def test_a_repository_without_weights_has_no_artifacts(
    hub: HubServer, client: CountingClient, cache: Path, tmp_path: Path
) -> None:
    files = {"README.md": b"about", "config.json": b"{}", "notes.txt": b"", "data.parquet": b"x"}
    hub.add("org/name", files, folder=tmp_path / "served")
    assert described(client, cache) == Described(())
    assert client.fetched == []


def test_pickle_weights_are_described_and_never_opened(
    hub: HubServer, client: CountingClient, cache: Path, tmp_path: Path
) -> None:
    pickled(tmp_path / "served")
    hub.add("org/name", tmp_path / "served")
    (one,) = described(client, cache).artifacts
    assert one.artifact.format is ArtifactFormat.PICKLE
    assert hub.requests("pytorch_model") == []


def test_a_failure_on_the_way_leaves_nothing_behind(
    hub: HubServer, client: CountingClient, cache: Path, tmp_path: Path
) -> None:
    mixed(tmp_path / "served")
    hub.add("org/name", tmp_path / "served")
    hub.fault(Refusal("tiny-Q8_0.gguf", status=503, times=3))
    assert refused(client, cache).code == "hub-server-error"
    assert list((cache / "headers" / "org" / "name").iterdir()) == []
    assert len(described(client, cache).artifacts) == 3


def test_several_at_once_come_to_the_same(
    hub: HubServer, client: CountingClient, cache: Path, tmp_path: Path
) -> None:
    mixed(tmp_path / "served")
    hub.add("org/name", tmp_path / "served")
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: described(client, cache), range(8)))
    assert all(one == found[0] for one in found)
    assert len(list((cache / "headers" / "org" / "name").iterdir())) == 1


def test_the_record_says_what_was_looked_at(
    hub: HubServer, client: CountingClient, cache: Path, tmp_path: Path
) -> None:
    mixed(tmp_path / "served")
    commit = hub.add("org/name", tmp_path / "served")
    described(client, cache)
    place = cache / "headers" / "org" / "name" / commit
    record = json.loads((place / ".sketch.json").read_text("utf-8"))
    assert record["sizes"]["tiny-Q8_0.gguf"] == (
        (tmp_path / "served" / "tiny-Q8_0.gguf").stat().st_size
    )
    assert "README.md" not in record["sizes"]
