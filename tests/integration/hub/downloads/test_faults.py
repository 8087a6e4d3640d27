"""What goes wrong on the way is waited for, mended or told, and never ends in wrong files."""

from pathlib import Path

from attrs import evolve

from lmrt.adapters.huggingface import HubMaterializer
from lmrt.domain.downloads import (
    DownloadRetried,
)
from lmrt.domain.errors import ModelNotFound, NotMaterialized
from lmrt.domain.models import Artifact, ArtifactFile, HubSource
from tests.integration.hub.conftest import IMPATIENT
from tests.integration.hub.downloads.conftest import break_off, failure, size_of
from tests.support.downloads import Recorded, check_cached
from tests.support.hub_faults import Cut, NoRanges, Refusal, WrongBytes
from tests.support.hub_server import HubServer


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
