"""A repository that is served, its artifacts, and an empty cache."""

from pathlib import Path

import pytest

from lmrt.adapters.filesystem import LocalMaterializer
from lmrt.adapters.huggingface import HubClient, HubMaterializer
from lmrt.domain.errors import LmrtError
from lmrt.domain.models import Artifact
from tests.support.downloads import artifacts_on_hub
from tests.support.hub_faults import Cut
from tests.support.hub_server import HubServer
from tests.support.tiny_models import TinyModel, write_gguf, write_hf

DIRECTORY = [
    "chat_template.jinja", "config.json", "generation_config.json", "model.safetensors",
    "tokenizer.json", "tokenizer_config.json",
]  # fmt: skip


@pytest.fixture
def served(tmp_path: Path) -> Path:
    folder = write_hf(TinyModel(), tmp_path / "served")
    write_gguf(TinyModel(), folder / "tiny.gguf")
    write_gguf(TinyModel(), folder / "split" / "tiny.gguf", split_max_tensors=12)
    (folder / "README.md").write_text("about it")
    (folder / "training_args.bin").write_bytes(b"pickled")
    return folder


@pytest.fixture
def commit(hub: HubServer, served: Path) -> str:
    return hub.add("org/name", served)


@pytest.fixture
def artifacts(served: Path, commit: str) -> dict[str, Artifact]:
    return artifacts_on_hub(served, "org/name", commit)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def materializer(client: HubClient, cache: Path) -> HubMaterializer:
    return HubMaterializer(client, LocalMaterializer(), cache)


def failure(
    materializer: HubMaterializer, artifact: Artifact, *, offline: bool = False
) -> LmrtError:
    with pytest.raises(LmrtError) as caught:
        materializer.materialize(artifact, offline=offline)
    return caught.value


def break_off(hub: HubServer, materializer: HubMaterializer, artifact: Artifact) -> None:
    """Let a download fail after 20,000 bytes of the first large file."""
    hub.faults += [Cut("/cdn/", after=20_000, times=1), Cut("/cdn/", after=0)]
    assert failure(materializer, artifact).code == "connection-cut"
    hub.faults.clear()


def size_of(served: Path) -> int:
    return (served / "tiny.gguf").stat().st_size
