"""A listing is believed no more than the files that it names."""

from pathlib import Path

import pytest
from attrs import evolve

from lmrt.adapters.huggingface import HubMetadata
from lmrt.adapters.huggingface.listing import Listing, RemoteFile
from lmrt.adapters.huggingface.metadata import Described
from lmrt.domain.errors import LmrtError, NotMaterialized
from tests.support.gguf_bytes import llama
from tests.support.hub_metadata import READERS, SKETCHERS, CountingClient
from tests.support.hub_server import HubServer


@pytest.fixture
def client(hub: HubServer) -> CountingClient:
    return CountingClient(hub.url)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


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


@pytest.mark.parametrize("size", [-1, 2**43 + 1, 2**70])
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

    for size in (100, listing.files[0].size - 32, listing.files[0].size + 10**6):
        lying = evolve(listing, files=(evolve(listing.files[0], size=size),))
        with pytest.raises(LmrtError) as caught:
            HubMetadata(client, READERS, SKETCHERS, cache).describe(lying)
        assert caught.value.code in ("malformed-answer", "malformed-file")
