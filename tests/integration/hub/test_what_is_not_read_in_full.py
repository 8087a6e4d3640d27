"""What of a repository is malformed or takes too much is told, and is known once it is here."""

from pathlib import Path

import pytest

from lmrt.adapters.huggingface import HubMetadata, HubModelSource
from lmrt.adapters.huggingface.metadata_files import ROOM
from lmrt.domain.errors import LoadFailed, NotMaterialized
from lmrt.domain.models import (
    ArtifactFormat,
    HubSource,
    LocalSource,
    ResolvedModel,
)
from lmrt.domain.references import HubRepository, Lookup
from tests.support.gguf_bytes import llama
from tests.support.hub_metadata import (
    READERS,
    SKETCHERS,
    CountingClient,
    described,
    odd_vocabulary,
    refused,
)
from tests.support.hub_server import HubServer
from tests.support.large_vocabularies import Variant, bpe_tokens
from tests.support.tiny_models import TinyModel, write_hf


@pytest.fixture
def client(hub: HubServer) -> CountingClient:
    return CountingClient(hub.url)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


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
    metadata = HubMetadata(client, READERS, SKETCHERS, cache)
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
