"""A repository of four artifacts, and what a new process makes of it."""

import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from lmrt.adapters.filesystem import LocalMaterializer
from lmrt.adapters.gguf import GgufReader, GgufSketcher
from lmrt.adapters.huggingface import (
    HubClient,
    HubMaterializer,
    HubMetadata,
    HubModelSource,
)
from lmrt.adapters.safetensors import SafetensorsReader, SafetensorsSketcher
from lmrt.domain.errors import LmrtError
from lmrt.domain.models import LocalSource, ResolvedModel
from lmrt.domain.references import HubRepository, Lookup
from tests.integration.hub.conftest import IMPATIENT
from tests.support.hub_server import HubServer
from tests.support.tiny_models import TinyModel, write_gguf, write_hf

ONLINE = Lookup(Path("nowhere"))
OFFLINE = Lookup(Path("nowhere"), offline=True)
READERS = (GgufReader(), SafetensorsReader())
TINY = TinyModel()


@pytest.fixture
def served(tmp_path: Path) -> Path:
    folder = write_hf(TINY, tmp_path / "served")
    write_gguf(TINY, folder / "tiny-F32.gguf")
    write_gguf(evolve(TINY, dtype="Q8_0"), folder / "tiny-Q8_0.gguf")
    write_gguf(evolve(TINY, dtype="F16"), folder / "F16" / "tiny-F16.gguf", split_max_tensors=12)
    return folder


@pytest.fixture
def commit(hub: HubServer, served: Path) -> str:
    return hub.add("org/name", served)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "hub"


def made(endpoint: str, cache: Path) -> tuple[HubModelSource, HubMaterializer]:
    """Return the source and the materializer of a new process."""
    client = HubClient(endpoint, IMPATIENT)
    sketchers = (GgufSketcher(), SafetensorsSketcher())
    metadata = HubMetadata(client, READERS, sketchers, cache.parent / "lmrt")
    source = HubModelSource(READERS, client, metadata, cache)
    return source, HubMaterializer(client, LocalMaterializer(), cache)


@pytest.fixture
def source(hub: HubServer, cache: Path) -> HubModelSource:
    return made(hub.url, cache)[0]


def find(
    source: HubModelSource,
    lookup: Lookup = ONLINE,
    repository: str = "org/name",
    revision: str | None = None,
    variant: str | None = None,
    file: str | None = None,
) -> ResolvedModel:
    found = source.find(HubRepository(repository, revision, variant, file), lookup)
    assert found is not None
    return found


def refused(source: HubModelSource, lookup: Lookup = ONLINE, **reading: Any) -> LmrtError:
    with pytest.raises(LmrtError) as caught:
        find(source, lookup, **reading)
    return caught.value


def ids(model: ResolvedModel) -> Sequence[str]:
    return [artifact.id for artifact in model.artifacts]


def here(model: ResolvedModel) -> Sequence[str]:
    return [one.id for one in model.artifacts if isinstance(one.source, LocalSource)]


def pull(hub: HubServer, cache: Path, *wanted: str) -> ResolvedModel:
    """Download artifacts by id, or all; return the model before."""
    source, materializer = made(hub.url, cache)
    model = find(source)
    for artifact in model.artifacts:
        if not wanted or artifact.id in wanted:
            materializer.materialize(artifact)
    return model


def forbid_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make everyone fail who opens a socket from now on."""

    def refuse(*_args: object, **_named: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
