"""Offline, or where the Hub does not answer, what is cached counts."""

from pathlib import Path

import pytest
from attrs import evolve

from lmrt.adapters.huggingface import (
    HubModelSource,
)
from lmrt.domain.errors import NotMaterialized
from lmrt.domain.notices import CachedCopyUsed
from tests.integration.hub.models.conftest import (
    OFFLINE,
    find,
    forbid_sockets,
    here,
    ids,
    made,
    pull,
    refused,
)
from tests.support.hub_faults import Cut, Refusal
from tests.support.hub_server import HubServer


class TestOffline:
    def test_what_is_not_cached_is_told_without_a_socket(
        self, hub: HubServer, cache: Path, commit: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        forbid_sockets(monkeypatch)
        error = refused(made(hub.url, cache)[0], OFFLINE)
        assert (type(error), error.code) == (NotMaterialized, "not-downloaded")
        assert "offline" in error.message
        assert "hf download org/name" in str(error.hint)

    def test_only_what_is_cached_is_there(
        self, hub: HubServer, cache: Path, commit: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = pull(hub, cache, "tiny-Q8_0.gguf", "F16/tiny-F16-00001-of-00002.gguf")
        source, materializer = made("http://127.0.0.1:9", cache)
        forbid_sockets(monkeypatch)
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
