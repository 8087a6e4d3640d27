"""The client asks the Hub for listings and parts of files, and says of each failure what it is."""

import hashlib
from pathlib import Path

import pytest

from lmrt.adapters.huggingface import HubClient, HubPolicy
from lmrt.adapters.huggingface.listing import Listing
from lmrt.domain.errors import (
    ConfigurationError,
    LmrtError,
    LoadFailed,
    ModelNotFound,
    NotMaterialized,
)
from tests.integration.hub.conftest import IMPATIENT
from tests.support.hub_faults import Cut, Delay, NoRanges, Page, Refusal
from tests.support.hub_server import HubServer

LARGE = bytes(range(256)) * 400
SMALL = b'{"model_type": "llama"}'


@pytest.fixture
def commit(hub: HubServer, tmp_path: Path) -> str:
    files = {"model.gguf": LARGE, "config.json": SMALL, "sub/a b#.txt": b"hello", "empty.txt": b""}
    return hub.add("org/name", files, folder=tmp_path / "files")


@pytest.fixture
def listing(client: HubClient, commit: str) -> Listing:
    return client.listing("org/name")


def failure(client: HubClient, repository: str = "org/name", **asked: str) -> LmrtError:
    with pytest.raises(LmrtError) as caught:
        client.listing(repository, asked.get("revision"))
    return caught.value


def fetch_failure(client: HubClient, listing: Listing, name: str = "model.gguf") -> LmrtError:
    with pytest.raises(LmrtError) as caught:
        client.fetch(listing, name, 100, 200)
    return caught.value


class TestListings:
    def test_every_file_has_its_size_and_hash(self, listing: Listing, commit: str) -> None:
        assert listing.commit == commit
        names = [file.name for file in listing.files]
        assert names == ["config.json", "empty.txt", "model.gguf", "sub/a b#.txt"]
        large, small = listing.file("model.gguf"), listing.file("config.json")
        assert large is not None
        assert small is not None
        assert large.size == len(LARGE)
        assert large.etag == large.sha256 == hashlib.sha256(LARGE).hexdigest()
        assert small.sha256 is None
        git = hashlib.sha1(b"blob %d\0" % len(SMALL) + SMALL).hexdigest()
        assert (small.size, small.etag) == (len(SMALL), git)

    def test_tags_branches_and_commits_lead_to_it(
        self, hub: HubServer, client: HubClient, commit: str, tmp_path: Path
    ) -> None:
        files = {"config.json": b"{}"}
        older = hub.add("org/name", files, revision="v/1", tag=True, folder=tmp_path / "older")
        assert client.listing("org/name").commit == commit
        found = client.listing("org/name", "v/1")
        assert found.commit == older
        assert client.revisions(found) == {"v/1"}
        assert client.listing("org/name", commit).commit == commit
        assert client.revisions(client.listing("org/name")) == {"main"}

    def test_a_known_commit_is_not_asked_for_again(
        self, hub: HubServer, client: HubClient, listing: Listing
    ) -> None:
        before = len(hub.asked)
        assert client.listing("org/name", listing.commit) == listing
        assert len(hub.asked) == before


class TestParts:
    def test_parts_are_the_bytes_of_the_file(self, client: HubClient, listing: Listing) -> None:
        for start, end in ((0, 1), (0, 64), (5, 777), (len(LARGE) - 3, len(LARGE) + 100)):
            assert client.fetch(listing, "model.gguf", start, end) == LARGE[start:end]
        assert client.fetch(listing, "config.json", 2, 7) == SMALL[2:7]
        assert client.fetch(listing, "model.gguf", 50, 50) == b""

    def test_small_files_are_read_whole(self, client: HubClient, listing: Listing) -> None:
        assert client.read(listing, "config.json", 1000) == SMALL
        assert client.read(listing, "sub/a b#.txt", 1000) == b"hello"
        assert client.read(listing, "empty.txt", 1000) == b""

    def test_a_file_that_is_too_large_is_not_read(
        self, client: HubClient, listing: Listing
    ) -> None:
        with pytest.raises(LoadFailed, match="more than 1,000") as caught:
            client.read(listing, "model.gguf", 1000)
        assert caught.value.code == "malformed-file"

    def test_the_token_stays_with_the_hub(
        self, hub: HubServer, client: HubClient, commit: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hub.tokens.add("secret")
        monkeypatch.setenv("HF_TOKEN", "secret")
        found = client.listing("org/name")
        for _ in range(2):
            client.fetch(found, "model.gguf", 0, 10)
        assert {asked.token for asked in hub.requests("/resolve/")} == {"secret"}
        assert {asked.token for asked in hub.requests("/cdn/")} == {None}

    def test_further_parts_go_straight_to_where_the_file_is(
        self, hub: HubServer, client: HubClient, listing: Listing
    ) -> None:
        for start in range(5):
            client.fetch(listing, "model.gguf", start, start + 10)
        assert len(hub.requests("/resolve/")) == 1
        assert len(hub.requests("/cdn/")) == 5

    def test_the_token_follows_where_the_hub_leads_on_itself(
        self, hub: HubServer, client: HubClient, commit: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hub.tokens.add("secret")
        hub.repositories["org/name"].private = True
        hub.repositories["org/name"].granted.add("secret")
        monkeypatch.setenv("HF_TOKEN", "secret")
        found = client.listing("org/name")
        for _ in range(2):
            assert client.read(found, "config.json", 1000) == SMALL
        assert {asked.token for asked in hub.requests("/resolve-cache/")} == {"secret"}
        assert len(hub.requests("/resolve-cache/")) == 2

    def test_an_address_that_has_expired_is_asked_for_anew(
        self, hub: HubServer, client: HubClient, listing: Listing
    ) -> None:
        client.fetch(listing, "model.gguf", 0, 10)
        hub.signature = "signed-2"
        assert client.fetch(listing, "model.gguf", 10, 20) == LARGE[10:20]
        assert len(hub.requests("/resolve/")) == 2

    def test_a_server_without_parts_is_told_where_parts_matter(
        self, hub: HubServer, client: HubClient, listing: Listing
    ) -> None:
        hub.fault(NoRanges("/cdn/"))
        assert client.fetch(listing, "model.gguf", 0, 10) == LARGE[:10]
        assert fetch_failure(client, listing).code == "malformed-answer"
        rest = client.chunks(listing, "model.gguf", 100, 300, skipping=True)
        assert b"".join(rest) == LARGE[100:300]


class TestFailures:
    def test_no_such_repository(self, client: HubClient) -> None:
        error = failure(client, "org/nothing")
        assert isinstance(error, ModelNotFound)
        assert error.code == "repository-not-found"
        assert "hf auth login" in str(error.note)

    def test_no_such_revision(self, hub: HubServer, client: HubClient, commit: str) -> None:
        error = failure(client, revision="v9")
        assert isinstance(error, ModelNotFound)
        assert error.code == "revision-not-found"
        assert error.context["known"] == ["main"]
        assert "`main`" in str(error.note)

    def test_no_such_file(self, client: HubClient, listing: Listing) -> None:
        error = fetch_failure(client, listing, "modal.gguf")
        assert isinstance(error, ModelNotFound)
        assert (error.code, error.hint) == ("file-not-found", "did you mean `model.gguf`?")

    def test_a_name_that_can_be_no_repository(self, client: HubClient) -> None:
        error = failure(client, "org/na--me")
        assert isinstance(error, ConfigurationError)
        assert error.code == "invalid-reference"

    def test_a_gated_repository(
        self, hub: HubServer, client: HubClient, listing: Listing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hub.repositories["org/name"].gated = True
        page = f"{hub.url}/org/name"
        error = fetch_failure(client, listing)
        assert isinstance(error, NotMaterialized)
        assert error.code == "not-logged-in"
        assert page in str(error.hint)
        assert "hf auth login" in str(error.hint)
        hub.tokens.add("mine")
        monkeypatch.setenv("HF_TOKEN", "mine")
        error = fetch_failure(client, listing)
        assert (error.code, error.context["page"]) == ("gated-repository", page)
        assert page in str(error.hint)
        hub.repositories["org/name"].granted.add("mine")
        assert client.fetch(listing, "model.gguf", 0, 4) == LARGE[:4]

    def test_a_token_that_is_not_accepted(
        self, client: HubClient, commit: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HF_TOKEN", "expired")
        error = failure(client)
        assert (type(error), error.code) == (NotMaterialized, "token-refused")

    def test_other_refusals(self, hub: HubServer, client: HubClient, commit: str) -> None:
        hub.fault(Refusal("/api/", times=1, status=403))
        assert failure(client).code == "access-refused"
        hub.fault(Refusal("/api/", times=1, status=401))
        assert failure(client).code == "not-logged-in"

    def test_a_server_error_is_asked_again(
        self, hub: HubServer, client: HubClient, commit: str
    ) -> None:
        passing = hub.fault(Refusal("/api/", times=2, status=503))
        assert client.listing("org/name").commit == commit
        assert passing.hit == 2
        lasting = hub.fault(Refusal("/api/", status=500))
        assert failure(client).code == "hub-server-error"
        assert lasting.hit == IMPATIENT.attempts

    def test_asking_too_often(self, hub: HubServer, client: HubClient, commit: str) -> None:
        hub.fault(Refusal("/api/", times=1, status=429, headers={"Retry-After": "0"}))
        assert client.listing("org/name").commit == commit
        long = hub.fault(Refusal("/api/", status=429, headers={"Retry-After": "3600"}))
        error = failure(client)
        assert (error.code, error.context["retry_after"]) == ("rate-limited", 3600)
        assert long.hit == 1
        long.times = 0
        told = {"ratelimit": '"api";r=0;t=77'}
        hub.fault(Refusal("/api/", status=429, headers=told))
        assert failure(client).context["retry_after"] == 77

    def test_a_slow_answer(self, hub: HubServer, tmp_path: Path, commit: str) -> None:
        hub.fault(Delay("/api/", seconds=1.0))
        client = HubClient(hub.url, HubPolicy(timeout=0.1, pause=0.0))
        assert failure(client).code == "hub-timeout"
        assert len(hub.requests("/api/")) == 2

    def test_a_file_that_stalls_is_asked_for_more_often(
        self, hub: HubServer, listing: Listing
    ) -> None:
        client = HubClient(hub.url, HubPolicy(timeout=0.1, attempts=4, pause=0.0))
        slow = hub.fault(Delay("/cdn/", seconds=0.5, times=3))
        assert client.fetch(listing, "model.gguf", 0, 4) == LARGE[:4]
        assert slow.hit == 3

    def test_a_cut_connection(self, hub: HubServer, client: HubClient, listing: Listing) -> None:
        hub.fault(Cut("/cdn/", times=1, after=7))
        assert client.fetch(listing, "model.gguf", 100, 200) == LARGE[100:200]
        hub.fault(Cut("/cdn/", after=7))
        assert fetch_failure(client, listing).code == "connection-cut"

    def test_nobody_there(self) -> None:
        error = failure(HubClient("http://127.0.0.1:9", IMPATIENT))
        assert (type(error), error.code) == (NotMaterialized, "hub-unreachable")

    def test_a_name_that_leads_nowhere(self) -> None:
        assert failure(HubClient("http://hub.invalid", IMPATIENT)).code == "hub-unreachable"

    def test_a_page_in_place_of_an_answer(
        self, hub: HubServer, client: HubClient, listing: Listing
    ) -> None:
        hub.fault(Page("/"))
        assert failure(client).code == "malformed-answer"
        assert fetch_failure(client, listing).code == "malformed-answer"
