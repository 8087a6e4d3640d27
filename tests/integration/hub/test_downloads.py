"""Only the chosen artifact's files are downloaded, into the cache that other tools share."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from attrs import evolve

from lmrt.adapters.filesystem import LocalMaterializer
from lmrt.adapters.huggingface import HubClient, HubMaterializer
from lmrt.domain.downloads import (
    DownloadDone,
    DownloadRetried,
    DownloadStarted,
    DownloadWaiting,
    FileProgress,
)
from lmrt.domain.errors import LmrtError, ModelNotFound, NotMaterialized
from lmrt.domain.models import Artifact, ArtifactFile
from tests.integration.hub.conftest import IMPATIENT
from tests.support.downloads import Recorded, artifacts_on_hub, check_cached
from tests.support.hub_faults import Cut, NoRanges, Refusal, WrongBytes
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
        heard = Recorded()
        materializer.materialize(artifact, progress=heard)
        (started,), (done,) = heard.of(DownloadStarted), heard.of(DownloadDone)
        present = {file.name: file.present for file in started.files}
        assert present["config.json"] == (served / "config.json").stat().st_size
        assert 0 < present["tokenizer.json"] < (served / "tokenizer.json").stat().st_size
        assert present["model.safetensors"] == 0
        assert done.fetched == started.total - started.present
        check_cached(cache, served, DIRECTORY)


class TestFaults:
    def test_a_cut_download_goes_on_where_it_ended(
        self,
        hub: HubServer,
        materializer: HubMaterializer,
        artifacts: dict[str, Artifact],
        served: Path,
        cache: Path,
    ) -> None:
        hub.fault(Cut("/cdn/", after=30_000, times=4))
        heard = Recorded()
        materializer.materialize(artifacts["tiny.gguf"], progress=heard)
        check_cached(cache, served, ["tiny.gguf"])
        assert {event.reason for event in heard.of(DownloadRetried)} == {"the connection was cut"}
        assert len(heard.of(DownloadRetried)) == 4
        ranges = [asked.range for asked in hub.requests("/cdn/")]
        assert ranges[:3] == [None, *(f"bytes={30_000 * n}-{size_of(served) - 1}" for n in (1, 2))]

    def test_a_burst_of_server_errors_is_waited_for(
        self,
        hub: HubServer,
        materializer: HubMaterializer,
        artifacts: dict[str, Artifact],
        served: Path,
        cache: Path,
    ) -> None:
        hub.fault(Refusal("tiny.gguf", times=2, status=503))
        materializer.materialize(artifacts["tiny.gguf"])
        check_cached(cache, served, ["tiny.gguf"])

    def test_a_lasting_server_error_is_told(
        self, hub: HubServer, materializer: HubMaterializer, artifacts: dict[str, Artifact]
    ) -> None:
        lasting = hub.fault(Refusal("/cdn/", status=503))
        assert failure(materializer, artifacts["tiny.gguf"]).code == "hub-server-error"
        assert lasting.hit == IMPATIENT.attempts

    def test_wrong_bytes_are_removed_and_told(
        self,
        hub: HubServer,
        materializer: HubMaterializer,
        artifacts: dict[str, Artifact],
        cache: Path,
        served: Path,
    ) -> None:
        hub.fault(WrongBytes("tiny.gguf", offset=777, times=2))
        error = failure(materializer, artifacts["tiny.gguf"])
        assert isinstance(error, NotMaterialized)
        assert error.code == "checksum-mismatch"
        assert list((cache / "models--org--name" / "blobs").iterdir()) == []
        assert not (cache / "models--org--name" / "snapshots").exists()
        hub.faults.clear()
        materializer.materialize(artifacts["tiny.gguf"])
        check_cached(cache, served, ["tiny.gguf"])

    def test_wrong_bytes_of_a_small_file_are_told(
        self, hub: HubServer, materializer: HubMaterializer, artifacts: dict[str, Artifact]
    ) -> None:
        hub.fault(WrongBytes("config.json", offset=3))
        assert failure(materializer, artifacts["SAFETENSORS"]).code == "checksum-mismatch"

    def test_damage_of_an_earlier_part_is_mended(
        self,
        hub: HubServer,
        materializer: HubMaterializer,
        artifacts: dict[str, Artifact],
        served: Path,
        cache: Path,
    ) -> None:
        break_off(hub, materializer, artifacts["tiny.gguf"])
        (part,) = (cache / "models--org--name" / "blobs").glob("*.incomplete")
        part.write_bytes(bytes(part.stat().st_size))
        heard = Recorded()
        materializer.materialize(artifacts["tiny.gguf"], progress=heard)
        check_cached(cache, served, ["tiny.gguf"])
        assert "damaged" in heard.of(DownloadRetried)[0].reason

    def test_a_part_that_is_too_long_is_begun_anew(
        self,
        hub: HubServer,
        materializer: HubMaterializer,
        artifacts: dict[str, Artifact],
        served: Path,
        cache: Path,
    ) -> None:
        break_off(hub, materializer, artifacts["tiny.gguf"])
        (part,) = (cache / "models--org--name" / "blobs").glob("*.incomplete")
        part.write_bytes(bytes(size_of(served) + 1))
        materializer.materialize(artifacts["tiny.gguf"])
        check_cached(cache, served, ["tiny.gguf"])

    def test_a_server_without_parts_still_gives_the_file(
        self,
        hub: HubServer,
        materializer: HubMaterializer,
        artifacts: dict[str, Artifact],
        served: Path,
        cache: Path,
    ) -> None:
        hub.fault(Cut("/cdn/", after=20_000, times=1))
        hub.fault(NoRanges("/cdn/"))
        materializer.materialize(artifacts["tiny.gguf"])
        check_cached(cache, served, ["tiny.gguf"])

    def test_a_signature_that_expires_in_between(
        self,
        hub: HubServer,
        materializer: HubMaterializer,
        artifacts: dict[str, Artifact],
        served: Path,
        cache: Path,
    ) -> None:
        break_off(hub, materializer, artifacts["tiny.gguf"])
        hub.signature = "another"
        materializer.materialize(artifacts["tiny.gguf"])
        check_cached(cache, served, ["tiny.gguf"])

    def test_a_gated_repository(
        self, hub: HubServer, materializer: HubMaterializer, artifacts: dict[str, Artifact]
    ) -> None:
        hub.repositories["org/name"].gated = True
        assert failure(materializer, artifacts["tiny.gguf"]).code == "not-logged-in"

    def test_a_commit_that_is_gone(
        self, materializer: HubMaterializer, artifacts: dict[str, Artifact]
    ) -> None:
        from lmrt.domain.models import HubSource

        gone = evolve(artifacts["tiny.gguf"], source=HubSource("org/name", "0" * 40))
        assert failure(materializer, gone).code == "revision-not-found"

    def test_a_file_that_is_not_listed(
        self, materializer: HubMaterializer, artifacts: dict[str, Artifact]
    ) -> None:
        artifact = evolve(artifacts["tiny.gguf"], files=(ArtifactFile("tony.gguf", 5),))
        error = failure(materializer, artifact)
        assert isinstance(error, ModelNotFound)
        assert error.code == "file-not-found"

    def test_offline_nothing_is_asked(
        self, hub: HubServer, materializer: HubMaterializer, artifacts: dict[str, Artifact]
    ) -> None:
        before = len(hub.asked)
        assert failure(materializer, artifacts["tiny.gguf"], offline=True).code == "not-downloaded"
        assert len(hub.asked) == before


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


def size_of(served: Path) -> int:
    return (served / "tiny.gguf").stat().st_size
