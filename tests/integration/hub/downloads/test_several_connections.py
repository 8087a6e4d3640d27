"""One large file comes over several connections, and ends as one that came over a single one."""

from pathlib import Path
from threading import Barrier

import pytest
from attrs import evolve

from lmrt.adapters.filesystem import LocalMaterializer
from lmrt.adapters.huggingface import HubClient, HubMaterializer
from lmrt.domain.downloads import DownloadDone, DownloadRetried, DownloadStarted, FileProgress
from lmrt.domain.models import Artifact
from tests.integration.hub.conftest import IMPATIENT
from tests.integration.hub.downloads.conftest import failure, size_of
from tests.support.downloads import Recorded, check_cached
from tests.support.hub_faults import Cut, Meeting, NoRanges, Refusal, WrongBytes
from tests.support.hub_server import HubServer

PART = 20_000
POLICY = evolve(IMPATIENT, part=PART, connections=4)


@pytest.fixture
def client(hub: HubServer) -> HubClient:
    return HubClient(hub.url, POLICY)


@pytest.fixture
def materializer(client: HubClient, cache: Path) -> HubMaterializer:
    return HubMaterializer(client, LocalMaterializer(), cache)


@pytest.fixture
def gguf(artifacts: dict[str, Artifact]) -> Artifact:
    return artifacts["tiny.gguf"]


def parts(hub: HubServer) -> list[tuple[int, int]]:
    """Return the parts that were asked for of large files, sorted."""
    asked = {one.range for one in hub.requests("/cdn/")}
    assert None not in asked
    numbers = ((one or "").removeprefix("bytes=").split("-") for one in asked)
    return sorted((int(start), int(end)) for start, end in numbers)


def test_parts_come_at_the_same_time_and_make_the_file(
    hub: HubServer, materializer: HubMaterializer, gguf: Artifact, served: Path, cache: Path
) -> None:
    """The first four answers come only once four are asked for."""
    hub.fault(Meeting("/cdn/", barrier=Barrier(4), times=4))
    heard = Recorded()
    materializer.materialize(gguf, progress=heard)
    check_cached(cache, served, ["tiny.gguf"])
    size = size_of(served)
    assert parts(hub) == [(start, min(start + PART, size) - 1) for start in range(0, size, PART)]
    (done,) = heard.of(DownloadDone)
    assert done.fetched == size
    told = [event.done for event in heard.of(FileProgress)]
    assert told == sorted(told)
    assert told[-1] == size


def test_several_large_files_share_the_connections(
    hub: HubServer,
    materializer: HubMaterializer,
    artifacts: dict[str, Artifact],
    served: Path,
    cache: Path,
) -> None:
    artifact = artifacts["split/tiny-00001-of-00002.gguf"]
    materializer.materialize(artifact)
    check_cached(cache, served, [file.path for file in artifact.files])


def test_a_cut_part_goes_on_where_it_ended(
    hub: HubServer, materializer: HubMaterializer, gguf: Artifact, served: Path, cache: Path
) -> None:
    hub.fault(Cut("/cdn/", after=7_000, times=5))
    hub.fault(Refusal("/cdn/", times=3, status=503))
    heard = Recorded()
    materializer.materialize(gguf, progress=heard)
    check_cached(cache, served, ["tiny.gguf"])
    (done,) = heard.of(DownloadDone)
    assert done.fetched == size_of(served)
    assert heard.of(DownloadRetried)


def test_what_lies_in_the_cache_is_always_the_beginning(
    hub: HubServer, materializer: HubMaterializer, gguf: Artifact, served: Path, cache: Path
) -> None:
    """Four parts begin and fail: only what has come of the first one counts."""
    hub.faults += [Cut("/cdn/", after=5_000, times=4), Cut("/cdn/", after=0)]
    assert failure(materializer, gguf).code == "connection-cut"
    whole = (served / "tiny.gguf").read_bytes()
    (part,) = (cache / "models--org--name" / "blobs").glob("*.incomplete")
    here = part.read_bytes()
    assert here == whole[:5_000]
    hub.faults.clear()
    hub.asked.clear()
    heard = Recorded()
    materializer.materialize(gguf, progress=heard)
    check_cached(cache, served, ["tiny.gguf"])
    (started,), (done,) = heard.of(DownloadStarted), heard.of(DownloadDone)
    assert started.present == len(here)
    assert done.fetched == len(whole) - len(here)
    assert parts(hub)[0][0] == len(here)


def test_wrong_bytes_in_any_part_are_removed_and_told(
    hub: HubServer, materializer: HubMaterializer, gguf: Artifact, served: Path, cache: Path
) -> None:
    hub.fault(WrongBytes("/cdn/", offset=3 * PART + 5))
    assert failure(materializer, gguf).code == "checksum-mismatch"
    assert list((cache / "models--org--name" / "blobs").iterdir()) == []


def test_a_server_without_parts_gives_the_file_over_one_connection(
    hub: HubServer, materializer: HubMaterializer, gguf: Artifact, served: Path, cache: Path
) -> None:
    hub.fault(NoRanges("/cdn/"))
    heard = Recorded()
    materializer.materialize(gguf, progress=heard)
    check_cached(cache, served, ["tiny.gguf"])
    assert heard.of(DownloadDone)[0].fetched == size_of(served)
    assert heard.of(DownloadRetried) == []
