"""Downloads in tests: artifacts of a plan, who follows them, and what is in the cache."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from attrs import evolve, field, frozen

from lmrt.adapters.gguf import GgufReader, GgufSketcher
from lmrt.adapters.huggingface import HubClient, HubMetadata, HubModelSource, HubPolicy
from lmrt.adapters.huggingface.reading import read_repository
from lmrt.adapters.safetensors import SafetensorsReader, SafetensorsSketcher
from lmrt.domain.downloads import DownloadEvent
from lmrt.domain.models import Artifact, HubSource

READERS = (GgufReader(), SafetensorsReader())
NOBODY = HubClient("http://127.0.0.1:9", HubPolicy(attempts=1))
"""A client of a Hub that does not exist."""

_E = TypeVar("_E")


@frozen
class Recorded:
    """Remembers what it is told; a `DownloadProgress`."""

    events: list[DownloadEvent] = field(factory=list)

    def on_event(self, event: DownloadEvent) -> None:
        """Remember one event."""
        self.events.append(event)

    def of(self, kind: type[_E]) -> list[_E]:
        """Return the events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]


def hub_source(
    cache: Path, client: HubClient = NOBODY, progress: Recorded | None = None
) -> HubModelSource:
    """Return the source of a Hub's repositories, and of what is cached of them.

    Args:
        cache: The Hugging Face cache; lmrt's own lies beside it.
        client: Asks the Hub. Default: there is none, so that only the cache counts.
        progress: Told which repositories are asked.
    """
    sketchers = (GgufSketcher(), SafetensorsSketcher())
    metadata = HubMetadata(client, READERS, sketchers, cache.with_name(f"{cache.name}-lmrt"))
    return HubModelSource(READERS, client, metadata, cache, progress)


def artifacts_on_hub(folder: Path, repository: str, commit: str) -> dict[str, Artifact]:
    """Return the artifacts of a served folder by id, as ones that are on the Hub only."""
    described = read_repository(folder, READERS).described
    source = HubSource(repository, commit)
    return {one.artifact.id: evolve(one.artifact, source=source) for one in described}


def check_cached(cache: Path, served: Path, names: Sequence[str]) -> None:
    """Check that files of `served` are in the cache, under blobs that hold what their name says."""
    blobs = cache / "models--org--name" / "blobs"
    (snapshot,) = (cache / "models--org--name" / "snapshots").iterdir()
    found = sorted(p.relative_to(snapshot).as_posix() for p in snapshot.rglob("*") if p.is_file())
    assert found == sorted(names)
    for name in names:
        data = (served / name).read_bytes()
        assert (snapshot / name).read_bytes() == data
        blob = (snapshot / name).resolve()
        assert blob.parent == blobs.resolve()
        git = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        assert blob.name in (hashlib.sha256(data).hexdigest(), git)
    assert not list(blobs.glob("*.incomplete"))
