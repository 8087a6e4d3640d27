"""Only the chosen artifact's files are downloaded, into the cache that other tools share."""

from pathlib import Path

from lmrt.adapters.huggingface import HubClient, HubMaterializer
from lmrt.domain.downloads import (
    DownloadDone,
    DownloadStarted,
    FileProgress,
)
from lmrt.domain.models import Artifact
from tests.integration.hub.downloads.conftest import DIRECTORY, break_off
from tests.support.downloads import Recorded, artifacts_on_hub, check_cached
from tests.support.hub_server import HubServer


def fetched(hub: HubServer, name: str) -> int:
    return len(hub.requests(f"/{name}"))


class TestWhatIsDownloaded:
    def test_a_gguf_comes_alone(
        self,
        hub: HubServer,
        materializer: HubMaterializer,
        artifacts: dict[str, Artifact],
        served: Path,
        cache: Path,
        commit: str,
    ) -> None:
        root = materializer.materialize(artifacts["tiny.gguf"])
        assert root == cache / "models--org--name" / "snapshots" / commit
        check_cached(cache, served, ["tiny.gguf"])

    def test_a_directory_comes_with_its_texts(
        self,
        materializer: HubMaterializer,
        artifacts: dict[str, Artifact],
        served: Path,
        cache: Path,
    ) -> None:
        materializer.materialize(artifacts["SAFETENSORS"])
        check_cached(cache, served, DIRECTORY)

    def test_a_split_file_comes_with_all_its_parts(
        self,
        materializer: HubMaterializer,
        artifacts: dict[str, Artifact],
        served: Path,
        cache: Path,
    ) -> None:
        artifact = artifacts["split/tiny-00001-of-00002.gguf"]
        root = materializer.materialize(artifact)
        check_cached(cache, served, [f"split/tiny-0000{part}-of-00002.gguf" for part in (1, 2)])
        for file in artifact.files:
            assert (root / file.path).stat().st_size == file.size

    def test_the_second_time_nothing_is_asked(
        self, hub: HubServer, materializer: HubMaterializer, artifacts: dict[str, Artifact]
    ) -> None:
        materializer.materialize(artifacts["tiny.gguf"])
        before, heard = len(hub.asked), Recorded()
        materializer.materialize(artifacts["tiny.gguf"], progress=heard)
        assert len(hub.asked) == before
        assert heard.events == []

    def test_contents_of_another_commit_are_not_fetched_again(
        self,
        hub: HubServer,
        client: HubClient,
        materializer: HubMaterializer,
        artifacts: dict[str, Artifact],
        served: Path,
        cache: Path,
    ) -> None:
        materializer.materialize(artifacts["tiny.gguf"])
        (served / "README.md").write_text("more about it")
        newer = hub.add("org/name", served)
        before = fetched(hub, "tiny.gguf")
        root = materializer.materialize(artifacts_on_hub(served, "org/name", newer)["tiny.gguf"])
        assert root.name == newer
        assert (root / "tiny.gguf").read_bytes() == (served / "tiny.gguf").read_bytes()
        assert fetched(hub, "tiny.gguf") == before

    def test_other_tools_find_it(
        self,
        client: HubClient,
        materializer: HubMaterializer,
        artifacts: dict[str, Artifact],
        cache: Path,
    ) -> None:
        from huggingface_hub import hf_hub_download, scan_cache_dir, snapshot_download

        client.listing("org/name")
        root = materializer.materialize(artifacts["SAFETENSORS"])
        path = hf_hub_download("org/name", "config.json", cache_dir=cache, local_files_only=True)
        assert path == str(root / "config.json")
        assert snapshot_download("org/name", cache_dir=cache, local_files_only=True) == str(root)
        scanned = scan_cache_dir(cache)
        assert scanned.warnings == []
        (repository,) = scanned.repos
        assert (repository.repo_id, repository.nb_files) == ("org/name", len(DIRECTORY))
        assert list(repository.refs) == ["main"]


class TestProgress:
    def test_files_and_bytes_are_told(
        self, materializer: HubMaterializer, artifacts: dict[str, Artifact]
    ) -> None:
        heard, artifact = Recorded(), artifacts["tiny.gguf"]
        materializer.materialize(artifact, progress=heard)
        (started,), (done,) = heard.of(DownloadStarted), heard.of(DownloadDone)
        assert heard.events[0] == started
        assert heard.events[-1] == done
        assert [file.name for file in started.files] == ["tiny.gguf"]
        assert (started.total, started.present) == (artifact.size, 0)
        assert (done.total, done.fetched) == (artifact.size, artifact.size)
        told = [event.done for event in heard.of(FileProgress)]
        assert told == sorted(told)
        assert told[-1] == artifact.size

    def test_what_is_here_counts_as_present(
        self,
        hub: HubServer,
        materializer: HubMaterializer,
        artifacts: dict[str, Artifact],
        served: Path,
        cache: Path,
    ) -> None:
        artifact = artifacts["SAFETENSORS"]
        break_off(hub, materializer, artifact)
        blobs = cache / "models--org--name" / "blobs"
        here = sum(blob.stat().st_size for blob in blobs.iterdir())
        heard = Recorded()
        materializer.materialize(artifact, progress=heard)
        (started,), (done,) = heard.of(DownloadStarted), heard.of(DownloadDone)
        assert started.present == here >= 20_000
        assert done.fetched == started.total - started.present
        check_cached(cache, served, DIRECTORY)
