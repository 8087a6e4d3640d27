"""However many repositories hold a model, at most 5 MB are fetched before a download."""

from pathlib import Path

import pytest

from lmrt.adapters.catalogue import OwnVariantsSource
from lmrt.adapters.filesystem import LocalModelSource
from lmrt.adapters.huggingface import HubClient
from lmrt.adapters.huggingface.metadata_files import ROOM, ListedFiles
from lmrt.adapters.huggingface.metadata_together import shares
from lmrt.domain.downloads import HeadersRead, ReadingHeaders
from lmrt.domain.models import ResolvedModel
from lmrt.domain.references import Alias, HubRepository, Lookup
from tests.integration.hub.conftest import IMPATIENT
from tests.support.downloads import READERS, Recorded, hub_source
from tests.support.hub_server import HubServer
from tests.support.large_vocabularies import Variant
from tests.support.tiny_models import TinyModel, write_hf

LIMIT = 5_000_000
ONLINE = Lookup(Path("nowhere"))


def heavy(path: Path, tokens: int) -> None:
    """Write a GGUF whose vocabulary can only be read as a whole, 2,000 bytes a token."""
    path.parent.mkdir(parents=True, exist_ok=True)
    long = tuple(f"{number:05}" * 400 for number in range(tokens))
    Variant(tokens=long, layers=2).write(path)


def serve(hub: HubServer, folder: Path, tokens: tuple[int, ...]) -> list[str]:
    """Serve a repository for each number of tokens; return their names."""
    for number, count in enumerate(tokens):
        heavy(folder / str(number) / "model.gguf", count)
        hub.add(f"org/heavy-{number}", folder / str(number))
    return [f"org/heavy-{number}" for number in range(len(tokens))]


def find(
    hub: HubServer, folder: Path, names: list[str], heard: Recorded | None = None
) -> ResolvedModel:
    """Return what a new process makes of an alias of some repositories."""
    client = HubClient(hub.url, IMPATIENT)
    source = hub_source(folder / "hub", client, heard)
    own = OwnVariantsSource({"mine": tuple(names)}, LocalModelSource(READERS, {}), source)
    found = own.find(Alias("mine"), ONLINE)
    assert found is not None
    return found


def ids(model: ResolvedModel) -> list[str]:
    return [artifact.id for artifact in model.artifacts]


def test_heavy_repositories_stay_within_the_limit_together(hub: HubServer, tmp_path: Path) -> None:
    """Each alone may take 4.5 MB, and four of these do."""
    names = serve(hub, tmp_path, (150, 3000, 3000, 3000, 3000))
    model = find(hub, tmp_path, names)
    assert hub.sent <= LIMIT
    assert ids(model) == ["org/heavy-0/model.gguf"]
    assert [notice.code for notice in model.notices] == ["variant-left-out"] * 4
    assert all("before a download" in notice.message for notice in model.notices)


def test_what_others_leave_is_given_to_who_needs_more(hub: HubServer, tmp_path: Path) -> None:
    """A fifth of the room would not do for the last one."""
    names = serve(hub, tmp_path, (150, 150, 150, 150, 500))
    model = find(hub, tmp_path, names)
    assert len(model.artifacts) == 5
    assert model.notices == ()
    assert hub.sent <= LIMIT


def test_the_second_time_it_is_the_same_and_nothing_is_fetched(
    hub: HubServer, tmp_path: Path
) -> None:
    names = serve(hub, tmp_path, (150, 3000, 3000))
    first = find(hub, tmp_path, names)
    fetched = len(hub.requests("/cdn/"))
    again = find(hub, tmp_path, names)
    assert again == first
    assert len(hub.requests("/cdn/")) == fetched


def test_alone_a_repository_may_take_all_of_it(hub: HubServer, tmp_path: Path) -> None:
    """What was left out beside others is read in full once it is asked for by itself."""
    names = serve(hub, tmp_path, (600, 600, 600, 600, 600))
    together = find(hub, tmp_path, names)
    assert 0 < len(together.artifacts) < 5
    assert hub.sent <= LIMIT
    source = hub_source(tmp_path / "hub", HubClient(hub.url, IMPATIENT))
    for name in names:
        before = hub.sent
        alone = source.find(HubRepository(name), ONLINE)
        assert alone is not None
        assert alone.notices == ()
        assert hub.sent - before <= LIMIT
    assert len(find(hub, tmp_path, names).artifacts) == 5


def test_a_repository_that_is_listed_twice_is_read_once(hub: HubServer, tmp_path: Path) -> None:
    write_hf(TinyModel(), tmp_path / "tiny")
    hub.add("org/tiny", tmp_path / "tiny")
    model = find(hub, tmp_path, ["org/tiny", "org/tiny@main"])
    assert len(model.artifacts) == 2
    asked = [one.path for one in hub.requests("/resolve/")]
    assert len(asked) == len(set(asked))


def test_it_is_told_what_is_read(hub: HubServer, tmp_path: Path) -> None:
    heard = Recorded()
    names = serve(hub, tmp_path, (150, 200))
    find(hub, tmp_path, names, heard)
    reading = heard.of(ReadingHeaders)
    assert {event.repository for event in reading} == set(names)
    assert [event.repository for event in reading if not event.fetched] == names
    for name in names:
        told = [event.fetched for event in reading if event.repository == name]
        assert told == sorted(told)
        assert told[-1] > 100_000
    assert heard.events[-1] == HeadersRead()
    assert len(heard.of(HeadersRead)) == 1


def test_the_end_is_told_where_the_hub_does_not_answer(hub: HubServer, tmp_path: Path) -> None:
    hub.close()
    heard = Recorded()
    source = hub_source(tmp_path / "hub", HubClient(hub.url, IMPATIENT), heard)
    (found,) = source.find_together((HubRepository("org/name"),), ONLINE)
    assert getattr(found, "code", None) == "hub-unreachable"
    assert heard.events == [ReadingHeaders("org/name", 0), HeadersRead()]


@pytest.mark.parametrize("counts", [(1,), (1, 1), (30, 1, 1, 4), (0, 0, 5)])
def test_shares_are_fair_and_no_more_than_there_is(
    hub: HubServer, tmp_path: Path, counts: tuple[int, ...]
) -> None:
    client = HubClient(hub.url, IMPATIENT)
    repositories = []
    for number, count in enumerate(counts):
        files = {f"{one}.gguf": b"x" for one in range(count)} | {"config.json": b"{}"}
        folder = tmp_path / f"shares-{number}"
        folder.mkdir()
        hub.add(f"org/{number}", files, folder=folder)
        repositories.append(ListedFiles(client, client.listing(f"org/{number}")))
    found = shares(repositories)
    assert sum(found) <= ROOM
    assert min(found) >= ROOM // 4 // len(counts)
    assert found.index(max(found)) == counts.index(max(counts))
