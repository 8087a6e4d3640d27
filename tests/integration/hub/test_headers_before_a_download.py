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

from lmrt.adapters.gguf import GgufReader, GgufSketcher
from lmrt.adapters.huggingface import HubClient, HubMetadata, HubModelSource
from lmrt.adapters.huggingface.listing import Listing, RemoteFile
from lmrt.adapters.huggingface.metadata import Described
from lmrt.adapters.huggingface.metadata_files import ROOM
from lmrt.adapters.huggingface.reading import read_repository
from lmrt.adapters.safetensors import SafetensorsReader, SafetensorsSketcher
from lmrt.domain.errors import LmrtError, LoadFailed, NotMaterialized
from lmrt.domain.models import (
    ArtifactFormat,
    DescribedArtifact,
    HubSource,
    LocalSource,
    ResolvedModel,
)
from lmrt.domain.references import HubRepository, Lookup
from tests.integration.hub.conftest import IMPATIENT
from tests.support.gguf_bytes import llama
from tests.support.hub_faults import Refusal
from tests.support.hub_server import HubServer
from tests.support.large_vocabularies import Variant, bpe_tokens
from tests.support.safetensors_bytes import write_directory, write_shards
from tests.support.tiny_models import TinyModel, write_gguf, write_hf

READERS = (GgufReader(), SafetensorsReader())


class CountingClient(HubClient):
    """A client that tells how many bytes it fetched."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint, IMPATIENT)
        self.fetched: list[int] = []

    def fetch(self, listing: Listing, name: str, start: int, end: int) -> bytes:
        data = super().fetch(listing, name, start, end)
        self.fetched.append(len(data))
        return data


@pytest.fixture
def client(hub: HubServer) -> CountingClient:
    return CountingClient(hub.url)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def described(client: CountingClient, cache: Path) -> Described:
    """Return what a new process would tell of `org/name`."""
    sketchers = (GgufSketcher(), SafetensorsSketcher())
    return HubMetadata(client, READERS, sketchers, cache).describe(client.listing("org/name"))


def refused(client: CountingClient, cache: Path) -> LmrtError:
    with pytest.raises(LmrtError) as caught:
        described(client, cache)
    return caught.value


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


def odd_vocabulary(path: Path) -> None:
    """Write a file with tokens so long that they are not found to end, and too many to read."""
    tokens = tuple(f"{number:05}" * 400 for number in range(3000))
    Variant(tokens=tokens, layers=2).write(path)


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


def test_a_malformed_file_is_named_as_it_is_on_the_hub(
    hub: HubServer, client: CountingClient, cache: Path, tmp_path: Path
) -> None:
    files = {"model.gguf": llama().build()[:-1]}
    commit = hub.add("org/name", files, folder=tmp_path / "served")
    error = refused(client, cache)
    assert isinstance(error, LoadFailed)
    assert error.code == "malformed-file"
    assert error.message.startswith(f"`org/name@{commit[:7]}/model.gguf` is truncated")
    assert error.context["path"] == f"org/name@{commit[:7]}/model.gguf"
    assert "the file again" not in (error.hint or "")
    assert list((cache / "headers" / "org" / "name").iterdir()) == []


def test_what_is_left_out_is_told_every_time(
    hub: HubServer, client: CountingClient, cache: Path, tmp_path: Path
) -> None:
    write_hf(TinyModel(), tmp_path / "served")
    (tmp_path / "served" / "broken.gguf").write_bytes(b"GGUF")
    hub.add("org/name", tmp_path / "served")
    first = described(client, cache)
    assert [one.artifact.format for one in first.artifacts] == [ArtifactFormat.SAFETENSORS]
    (notice,) = first.notices
    assert "broken.gguf" in notice.files[0]
    assert "left out of the plan" in notice.message
    assert str(cache) not in notice.message
    assert described(client, cache) == first


def test_headers_that_take_too_much_are_an_error_with_a_way_on(
    hub: HubServer, client: CountingClient, cache: Path, tmp_path: Path
) -> None:
    odd_vocabulary(tmp_path / "served" / "odd.gguf")
    hub.add("org/name", tmp_path / "served")
    error = refused(client, cache)
    assert isinstance(error, NotMaterialized)
    assert error.code == "headers-too-large"
    assert error.context["files"] == ["odd.gguf"]
    assert sum(client.fetched) <= ROOM


def found(client: CountingClient, cache: Path) -> ResolvedModel:
    """Return the model as a `HubModelSource` finds it, with its own Hugging Face cache."""
    sketchers = (GgufSketcher(), SafetensorsSketcher())
    metadata = HubMetadata(client, READERS, sketchers, cache)
    source = HubModelSource(READERS, client, metadata, cache / "hub")
    model = source.find(HubRepository("org/name"), Lookup(Path("nowhere")))
    assert model is not None
    return model


def test_what_took_too_much_is_planned_once_it_is_here(
    hub: HubServer, client: CountingClient, cache: Path, tmp_path: Path
) -> None:
    from huggingface_hub import snapshot_download

    odd_vocabulary(tmp_path / "served" / "odd.gguf")
    hub.add("org/name", tmp_path / "served")
    with pytest.raises(NotMaterialized):
        found(client, cache)
    snapshot_download("org/name", endpoint=hub.url, cache_dir=cache / "hub")
    model = found(client, cache)
    assert [artifact.id for artifact in model.artifacts] == ["odd.gguf"]
    assert isinstance(model.artifacts[0].source, LocalSource)
    assert model.notices == ()


def test_what_was_left_out_is_among_the_others_once_it_is_here(
    hub: HubServer, client: CountingClient, cache: Path, tmp_path: Path
) -> None:
    from huggingface_hub import hf_hub_download

    odd_vocabulary(tmp_path / "served" / "odd.gguf")
    Variant(tokens=bpe_tokens(20_000), layers=2).write(tmp_path / "served" / "sound.gguf")
    hub.add("org/name", tmp_path / "served")
    before = found(client, cache)
    assert [artifact.id for artifact in before.artifacts] == ["sound.gguf"]
    assert [notice.code for notice in before.notices] == ["headers-incomplete"]
    hf_hub_download("org/name", "odd.gguf", endpoint=hub.url, cache_dir=cache / "hub")
    after = found(client, cache)
    assert [artifact.id for artifact in after.artifacts] == ["sound.gguf", "odd.gguf"]
    assert [type(artifact.source) for artifact in after.artifacts] == [HubSource, LocalSource]
    assert after.notices == ()


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


def file(name: str, size: int = 10) -> RemoteFile:
    return RemoteFile(name, size, None, "0" * 40)


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["../evil.gguf"], "hostile-file-name"),
        (["a\\b.gguf"], "hostile-file-name"),
        (["CON.safetensors"], "hostile-file-name"),
        (["Model.gguf", "model.gguf"], "hostile-file-name"),
        (["model.gguf", "model.gguf/x.gguf"], "hostile-file-name"),
    ],
)
def test_hostile_names_touch_no_disk(
    client: CountingClient, cache: Path, names: list[str], code: str
) -> None:
    listing = Listing("org/name", "a" * 40, tuple(file(name) for name in names))
    with pytest.raises(NotMaterialized) as caught:
        HubMetadata(client, READERS, (), cache).describe(listing)
    assert caught.value.code == code
    assert not cache.exists()


def test_odd_names_of_files_that_do_not_matter_are_passed_over(
    client: CountingClient, cache: Path
) -> None:
    names = ["../odd.txt", "a:b.json", "deep/down/here/model.gguf", "README.md", "readme.md"]
    listing = Listing("org/name", "a" * 40, tuple(file(name) for name in names))
    assert HubMetadata(client, READERS, (), cache).describe(listing) == Described(())


@pytest.mark.parametrize("size", [-1, 2**44 + 1, 2**70])
def test_a_size_that_makes_no_sense_is_refused(
    client: CountingClient, cache: Path, size: int
) -> None:
    listing = Listing("org/name", "a" * 40, (file("model.gguf", size),))
    with pytest.raises(NotMaterialized) as caught:
        HubMetadata(client, READERS, (), cache).describe(listing)
    assert caught.value.code == "malformed-answer"


def test_a_listing_that_lies_about_sizes_is_caught(
    hub: HubServer, client: CountingClient, cache: Path, tmp_path: Path
) -> None:
    hub.add("org/name", {"model.gguf": llama().build()}, folder=tmp_path / "served")
    listing = client.listing("org/name")
    sketchers = (GgufSketcher(), SafetensorsSketcher())
    for size in (100, listing.files[0].size - 32, listing.files[0].size + 10**6):
        lying = evolve(listing, files=(evolve(listing.files[0], size=size),))
        with pytest.raises(LmrtError) as caught:
            HubMetadata(client, READERS, sketchers, cache).describe(lying)
        assert caught.value.code in ("malformed-answer", "malformed-file")


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
