"""A Hub reference leads to a model: what is cached counts as here, the rest as on the Hub."""

import socket
from collections.abc import Iterator, Sequence
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
from lmrt.domain.errors import LmrtError, ModelNotFound, NotMaterialized
from lmrt.domain.models import HubSource, LocalSource, ResolvedModel
from lmrt.domain.notices import CachedCopyUsed
from lmrt.domain.references import Alias, HubRepository, LocalPath, Lookup
from tests.integration.hub.conftest import IMPATIENT
from tests.support.hub_faults import Cut, Refusal
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


@pytest.fixture
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    class Refused(socket.socket):
        def __init__(self, *_args: object, **_named: object) -> None:
            raise AssertionError("a socket was opened")

    with monkeypatch.context() as patch:
        patch.setattr(socket, "socket", Refused)
        yield


class TestBeforeTheDownload:
    def test_every_artifact_is_on_the_hub(self, source: HubModelSource, commit: str) -> None:
        found = find(source)
        assert ids(found) == [
            "tiny-F32.gguf",
            "tiny-Q8_0.gguf",
            "SAFETENSORS",
            "F16/tiny-F16-00001-of-00002.gguf",
        ]
        assert {artifact.source for artifact in found.artifacts} == {HubSource("org/name", commit)}
        assert (found.location, found.resolved_as) == (f"org/name@{commit}", "hub")
        assert found.notices == ()

    @pytest.mark.parametrize(
        ("reading", "expected"),
        [
            ({"variant": "q8_0"}, "tiny-Q8_0.gguf"),
            ({"variant": "F16"}, "F16/tiny-F16-00001-of-00002.gguf"),
            ({"file": "tiny-F32.gguf"}, "tiny-F32.gguf"),
            ({"file": "F16/tiny-F16-00002-of-00002.gguf"}, "F16/tiny-F16-00001-of-00002.gguf"),
        ],
    )
    def test_a_variant_or_a_file_is_one_artifact(
        self, source: HubModelSource, commit: str, reading: dict[str, Any], expected: str
    ) -> None:
        assert ids(find(source, ONLINE, **reading)) == [expected]

    def test_what_is_missing_names_what_is_there(self, source: HubModelSource, commit: str) -> None:
        error = refused(source, variant="Q2_K")
        assert isinstance(error, ModelNotFound)
        assert error.code == "variant-not-found"
        assert error.context["present"] == ["F16", "F32", "Q8_0"]
        error = refused(source, file="tony.gguf")
        assert (type(error), error.code) == (ModelNotFound, "file-not-found")
        assert "`tiny-F32.gguf`" in str(error.note)
        error = refused(source, revision="v1")
        assert (type(error), error.code) == (ModelNotFound, "revision-not-found")

    def test_a_repository_without_a_model(
        self, hub: HubServer, source: HubModelSource, tmp_path: Path
    ) -> None:
        hub.add("org/name", {"README.md": b"# nothing"}, folder=tmp_path / "readme")
        error = refused(source)
        assert (type(error), error.code) == (ModelNotFound, "no-model-files")

    def test_a_revision_is_another_model(
        self, hub: HubServer, source: HubModelSource, commit: str, tmp_path: Path
    ) -> None:
        older = write_gguf(TinyModel(layers=1), tmp_path / "older" / "tiny.gguf").parent
        tagged = hub.add("org/name", older, revision="v1", tag=True)
        for revision in ("v1", tagged):
            found = find(source, revision=revision)
            assert found.location == f"org/name@{tagged}"
            assert len(found.shape.layers) == 1

    def test_other_readings_lead_nowhere(self, source: HubModelSource) -> None:
        assert source.find(LocalPath("org/name"), ONLINE) is None
        assert source.find(Alias("name"), ONLINE) is None


class TestWhatIsCached:
    def test_it_is_here_and_all_else_is_the_same(
        self, hub: HubServer, cache: Path, commit: str
    ) -> None:
        before = pull(hub, cache, "tiny-Q8_0.gguf", "SAFETENSORS")
        after = find(made(hub.url, cache)[0])
        assert here(after) == ["tiny-Q8_0.gguf", "SAFETENSORS"]
        root = LocalSource(cache / "models--org--name" / "snapshots" / commit)
        assert {one.source for one in after.artifacts} == {root, HubSource("org/name", commit)}
        remote = [evolve(one, source=HubSource("org/name", commit)) for one in after.artifacts]
        assert evolve(after, artifacts=tuple(remote)) == before

    def test_a_file_that_is_missing_makes_it_remote(
        self, hub: HubServer, cache: Path, commit: str
    ) -> None:
        pull(hub, cache, "SAFETENSORS")
        snapshot = cache / "models--org--name" / "snapshots" / commit
        (snapshot / "tokenizer.json").unlink()
        assert here(find(made(hub.url, cache)[0])) == []

    def test_a_moved_branch_is_followed(
        self, hub: HubServer, cache: Path, served: Path, commit: str
    ) -> None:
        pull(hub, cache, "tiny-Q8_0.gguf")
        write_gguf(evolve(TINY, dtype="Q8_0", seed=9), served / "tiny-Q8_0.gguf")
        newer = hub.add("org/name", served)
        assert newer != commit
        found = find(made(hub.url, cache)[0])
        assert (found.location, here(found)) == (f"org/name@{newer}", [])
        assert here(find(made(hub.url, cache)[0], revision=commit)) == ["tiny-Q8_0.gguf"]
        pull(hub, cache, "tiny-Q8_0.gguf")
        assert find(made(hub.url, cache)[0], OFFLINE).location == f"org/name@{newer}"

    def test_the_second_time_no_header_is_fetched(
        self, hub: HubServer, cache: Path, commit: str
    ) -> None:
        find(made(hub.url, cache)[0])
        before = len(hub.requests("/resolve/")) + len(hub.requests("/cdn/"))
        assert before
        find(made(hub.url, cache)[0])
        assert len(hub.requests("/resolve/")) + len(hub.requests("/cdn/")) == before

    def test_its_names_are_known(self, hub: HubServer, cache: Path, commit: str) -> None:
        pull(hub, cache, "tiny-Q8_0.gguf")
        assert made(hub.url, cache)[0].known_names(Path("nowhere")) == ("org/name",)


class TestOffline:
    def test_what_is_cached_is_found_without_a_socket(
        self, hub: HubServer, cache: Path, commit: str, no_sockets: None
    ) -> None:
        """The download runs before sockets are forbidden: fixtures come in this order."""
        error = refused(made(hub.url, cache)[0], OFFLINE)
        assert (type(error), error.code) == (NotMaterialized, "not-downloaded")
        assert "offline" in error.message
        assert "hf download org/name" in str(error.hint)

    def test_only_what_is_cached_is_there(
        self, hub: HubServer, cache: Path, commit: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = pull(hub, cache, "tiny-Q8_0.gguf", "F16/tiny-F16-00001-of-00002.gguf")
        source, materializer = made("http://127.0.0.1:9", cache)

        def refuse(*_args: object, **_named: object) -> None:
            raise AssertionError("a socket was opened")

        monkeypatch.setattr(socket, "socket", refuse)
        found = find(source, OFFLINE)
        assert ids(found) == ["tiny-Q8_0.gguf", "F16/tiny-F16-00001-of-00002.gguf"]
        assert here(found) == ids(found)
        for one in found.artifacts:
            (planned,) = [other for other in before.artifacts if other.id == one.id]
            assert evolve(one, source=planned.source) == planned
            materializer.materialize(one, offline=True)
        assert refused(source, OFFLINE, variant="F32").code == "variant-not-found"
        assert refused(source, OFFLINE, repository="org/other").code == "not-downloaded"
        assert refused(source, OFFLINE, revision="v1").code == "not-downloaded"

    def test_half_a_model_does_not_hide_a_whole_one(
        self, hub: HubServer, cache: Path, commit: str
    ) -> None:
        pull(hub, cache)
        snapshot = cache / "models--org--name" / "snapshots" / commit
        (snapshot / "F16" / "tiny-F16-00002-of-00002.gguf").unlink()
        (snapshot / "model.safetensors").unlink()
        assert ids(find(made(hub.url, cache)[0], OFFLINE)) == ["tiny-F32.gguf", "tiny-Q8_0.gguf"]

    def test_the_users_own_word_counts(
        self, source: HubModelSource, commit: str, hub: HubServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from huggingface_hub import constants

        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
        assert refused(source).code == "not-downloaded"
        assert hub.asked == []


class TestAHubThatDoesNotAnswer:
    @pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
    def test_the_cached_copy_counts_and_that_is_told(
        self, hub: HubServer, cache: Path, commit: str, status: int
    ) -> None:
        pull(hub, cache, "tiny-Q8_0.gguf")
        hub.fault(Refusal("/", status=status))
        found = find(made(hub.url, cache)[0])
        assert here(found) == ids(found) == ["tiny-Q8_0.gguf"]
        (notice,) = found.notices
        assert isinstance(notice, CachedCopyUsed)
        assert (notice.repository, notice.commit) == ("org/name", commit)
        assert commit[:7] in notice.message

    def test_nobody_there_at_all(self, hub: HubServer, cache: Path, commit: str) -> None:
        pull(hub, cache, "tiny-Q8_0.gguf")
        found = find(made("http://127.0.0.1:9", cache)[0])
        assert here(found) == ["tiny-Q8_0.gguf"]
        assert "cannot be reached" in found.notices[0].message

    def test_headers_that_do_not_come(
        self, hub: HubServer, cache: Path, commit: str, served: Path
    ) -> None:
        pull(hub, cache, "tiny-Q8_0.gguf")
        (served / "README.md").write_text("newer")
        hub.add("org/name", served)
        hub.fault(Cut("/cdn/", after=3))
        assert find(made(hub.url, cache)[0]).location == f"org/name@{commit}"

    def test_without_a_copy_it_is_an_error(
        self, hub: HubServer, source: HubModelSource, commit: str
    ) -> None:
        hub.fault(Refusal("/", status=503))
        assert refused(source).code == "hub-server-error"

    def test_a_revision_that_is_gone_is_not_taken_from_the_cache(
        self, hub: HubServer, cache: Path, commit: str
    ) -> None:
        pull(hub, cache, "tiny-Q8_0.gguf")
        del hub.repositories["org/name"].refs["main"]
        assert refused(made(hub.url, cache)[0]).code == "revision-not-found"
