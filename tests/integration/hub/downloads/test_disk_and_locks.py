"""The disk may be full, and another process may want the same."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from attrs import evolve

from lmrt.adapters.filesystem import LocalMaterializer
from lmrt.adapters.huggingface import HubClient, HubMaterializer
from lmrt.domain.downloads import (
    DownloadDone,
    DownloadStarted,
    DownloadWaiting,
)
from lmrt.domain.errors import NotMaterialized
from lmrt.domain.models import Artifact, ArtifactFile
from tests.integration.hub.downloads.conftest import DIRECTORY, failure
from tests.support.downloads import Recorded, artifacts_on_hub, check_cached
from tests.support.hub_server import HubServer


class TestDisk:
    def test_a_download_that_does_not_fit_is_not_begun(
        self,
        hub: HubServer,
        materializer: HubMaterializer,
        served: Path,
        tmp_path: Path,
    ) -> None:
        huge = tmp_path / "huge"
        huge.mkdir()
        commit = hub.add("org/huge", {"tiny.gguf": b"GGUF"}, folder=huge)
        files = hub.repositories["org/huge"].commits[commit]
        hub.repositories["org/huge"].commits[commit] = {
            name: evolve(file, size=2**60) for name, file in files.items()
        }
        artifact = artifacts_on_hub(served, "org/huge", commit)["tiny.gguf"]
        error = failure(materializer, artifact)
        assert isinstance(error, NotMaterialized)
        assert error.code == "disk-full"
        assert error.context["needed"] == 2**60
        assert 0 < error.context["free"] < 2**60
        assert hub.requests("/resolve/") == []

    def test_a_file_that_the_disk_does_not_take(
        self, hub: HubServer, artifacts: dict[str, Artifact], served: Path, cache: Path
    ) -> None:
        """A limit on the size of files stands in for a file system that takes no larger ones."""
        code = f"""
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, resource.RLIM_INFINITY))
from lmrt.adapters.filesystem import LocalMaterializer
from lmrt.adapters.huggingface import HubClient, HubMaterializer
from lmrt.domain.errors import NotMaterialized
from tests.support.downloads import artifacts_on_hub
artifact = artifacts_on_hub(Path({str(served)!r}), "org/name", sys.argv[1])["tiny.gguf"]
client = HubClient({hub.url!r})
try:
    HubMaterializer(client, LocalMaterializer(), Path({str(cache)!r})).materialize(artifact)
except NotMaterialized as error:
    print(error.code)
"""
        commit = artifacts["tiny.gguf"].source.revision  # type: ignore[union-attr]
        run = subprocess.run(
            [sys.executable, "-c", code, commit], capture_output=True, text=True, check=False
        )
        assert (run.stdout, run.stderr) == ("disk-full\n", "")
        (part,) = (cache / "models--org--name" / "blobs").iterdir()
        assert part.name.endswith(".incomplete")
        assert part.read_bytes() == (served / "tiny.gguf").read_bytes()[:50_000]

    def test_a_cache_that_is_a_file(
        self, client: HubClient, artifacts: dict[str, Artifact], tmp_path: Path
    ) -> None:
        (tmp_path / "cache").write_text("in the way")
        materializer = HubMaterializer(client, LocalMaterializer(), tmp_path / "cache")
        error = failure(materializer, artifacts["tiny.gguf"])
        assert (type(error), error.code) == (NotMaterialized, "unwritable-cache")

    def test_a_hostile_name_is_not_written(
        self, hub: HubServer, client: HubClient, materializer: HubMaterializer, served: Path
    ) -> None:
        commit = hub.add("org/name", served)
        files = dict(hub.repositories["org/name"].commits[commit])
        hub.repositories["org/name"].commits[commit] = {
            ("../../evil.gguf" if name == "tiny.gguf" else name): file
            for name, file in files.items()
        }
        artifact = artifacts_on_hub(served, "org/name", commit)["tiny.gguf"]
        size = artifact.files[0].size
        hostile = evolve(artifact, files=(ArtifactFile("../../evil.gguf", size),))
        error = failure(materializer, hostile)
        assert (type(error), error.code) == (NotMaterialized, "hostile-file-name")
        assert not list(served.parent.rglob("evil.gguf"))


class TestTwoAtOnce:
    def test_the_second_waits_and_says_so(
        self,
        hub: HubServer,
        client: HubClient,
        materializer: HubMaterializer,
        artifacts: dict[str, Artifact],
        served: Path,
        cache: Path,
        commit: str,
    ) -> None:
        hub.bytes_per_second = 10_000
        first, second = Recorded(), Recorded()
        artifact = artifacts["SAFETENSORS"]
        with ThreadPoolExecutor(2) as pool:
            runs = [pool.submit(materializer.materialize, artifact, progress=first)]
            wait_for(first, DownloadStarted)
            runs.append(pool.submit(materializer.materialize, artifact, progress=second))
            wait_for(second, DownloadWaiting)
            hub.bytes_per_second = None
            assert len({run.result() for run in runs}) == 1
        check_cached(cache, served, DIRECTORY)
        for name in DIRECTORY:
            assert len(hub.requests(f"/resolve/{commit}/{name}")) == 1
        assert len(first.of(DownloadDone)) == 1
        assert second.events == [DownloadWaiting("org/name")]


def wait_for(heard: Recorded, kind: type[object]) -> None:
    """Wait until an event of a kind was told."""
    while not heard.of(kind):
        time.sleep(0.01)
