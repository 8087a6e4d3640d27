"""An alias of the catalogue over a Hub: three repositories, one model, and the planner's choice."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from lmrt.adapters.catalogue import CatalogueSource
from lmrt.adapters.filesystem import LocalMaterializer
from lmrt.adapters.gguf import GgufReader, GgufSketcher
from lmrt.adapters.huggingface import HubClient, HubMaterializer, HubMetadata, HubModelSource
from lmrt.adapters.safetensors import SafetensorsReader, SafetensorsSketcher
from lmrt.domain.errors import LmrtError, NotMaterialized
from lmrt.domain.models import ArtifactFormat, HubSource, LocalSource, ResolvedModel
from lmrt.domain.notices import VariantLeftOut
from lmrt.domain.planning import plan
from lmrt.domain.plans import PlanRequest, RuntimePlan
from lmrt.domain.references import Alias, Lookup
from tests.integration.hub.conftest import IMPATIENT
from tests.support.hub_faults import Refusal
from tests.support.hub_server import HubServer
from tests.support.variants import GGUF, MLX, TORCH, tiny_catalogue, write_variants
from tests.support.worlds import GIB, gguf_backend, machine

ONLINE = Lookup(Path("nowhere"))
OFFLINE = Lookup(Path("nowhere"), offline=True)
READERS = (GgufReader(), SafetensorsReader())
ALL = [f"{GGUF}/Tiny-F32.gguf", f"{GGUF}/Tiny-Q8_0.gguf", MLX, TORCH]
BACKENDS = {
    "llama.cpp": ArtifactFormat.GGUF,
    "mlx": ArtifactFormat.MLX,
    "torch": ArtifactFormat.SAFETENSORS,
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    return write_variants(tmp_path_factory.mktemp("variants"))


@pytest.fixture(autouse=True)
def served(hub: HubServer, folders: Mapping[str, Path]) -> None:
    for name, folder in folders.items():
        hub.add(name, folder)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "hub"


def made(hub: HubServer, cache: Path) -> tuple[CatalogueSource, HubMaterializer]:
    """Return the source and the materializer of a new process."""
    client = HubClient(hub.url, IMPATIENT)
    sketchers = (GgufSketcher(), SafetensorsSketcher())
    metadata = HubMetadata(client, READERS, sketchers, cache.parent / "lmrt")
    source = HubModelSource(READERS, client, metadata, cache)
    materializer = HubMaterializer(client, LocalMaterializer(), cache)
    return CatalogueSource(source, tiny_catalogue), materializer


def find(hub: HubServer, cache: Path, lookup: Lookup = ONLINE) -> ResolvedModel:
    found = made(hub, cache)[0].find(Alias("tiny"), lookup)
    assert found is not None
    return found


def ids(model: ResolvedModel) -> Sequence[str]:
    return [artifact.id for artifact in model.artifacts]


def planned(model: ResolvedModel, backend: str) -> RuntimePlan:
    probes = [
        gguf_backend(backend=name, formats=frozenset({form}), methods=frozenset({"mlx"}))
        for name, form in BACKENDS.items()
    ]
    return plan(PlanRequest(backend=backend), model, machine(8 * GIB), probes)


def pull(hub: HubServer, cache: Path, backend: str) -> RuntimePlan:
    """Plan for a backend and download what was chosen; return the plan before the download."""
    source, materializer = made(hub, cache)
    model = source.find(Alias("tiny"), ONLINE)
    assert model is not None
    chosen = planned(model, backend)
    materializer.materialize(chosen.artifact)
    return chosen


def test_nothing_is_here_and_every_variant_is_known(hub: HubServer, cache: Path) -> None:
    model = find(hub, cache)
    assert ids(model) == ALL
    assert [
        one.source.repository for one in model.artifacts if isinstance(one.source, HubSource)
    ] == [GGUF, GGUF, MLX, TORCH]
    assert model.notices == ()


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_backend_gets_the_variant_that_it_reads(
    hub: HubServer, cache: Path, backend: str
) -> None:
    assert planned(find(hub, cache), backend).artifact.format is BACKENDS[backend]


@pytest.mark.parametrize("backend", BACKENDS)
def test_only_the_chosen_variant_is_downloaded_and_the_plan_stays(
    hub: HubServer, cache: Path, backend: str
) -> None:
    before = pull(hub, cache, backend)
    model = find(hub, cache)
    assert ids(model) == ALL
    here = [one.id for one in model.artifacts if isinstance(one.source, LocalSource)]
    assert here == [before.artifact.id]
    after = planned(model, backend)
    assert after.chosen == before.chosen
    assert after.alternatives == before.alternatives


def test_offline_the_downloaded_variant_is_the_model(hub: HubServer, cache: Path) -> None:
    chosen = pull(hub, cache, "mlx").artifact
    hub.close()
    model = find(hub, cache, OFFLINE)
    assert ids(model) == [chosen.id] == [MLX]
    assert model.notices == ()


def test_offline_with_nothing_here_is_one_error(hub: HubServer, cache: Path) -> None:
    with pytest.raises(NotMaterialized) as caught:
        find(hub, cache, OFFLINE)
    assert caught.value.code == "not-downloaded"
    assert "`rt models pull tiny`" in (caught.value.hint or "")
    assert hub.asked == []


def test_the_second_time_no_header_is_fetched(hub: HubServer, cache: Path) -> None:
    first = find(hub, cache)
    fetched = len(hub.requests("/resolve/")) + len(hub.requests("/cdn/"))
    assert fetched > 0
    assert find(hub, cache) == first
    assert len(hub.requests("/resolve/")) + len(hub.requests("/cdn/")) == fetched


def test_a_gated_original_is_left_out_with_a_notice(hub: HubServer, cache: Path) -> None:
    hub.repositories[TORCH].gated = True
    model = find(hub, cache)
    assert ids(model) == ALL[:3]
    (notice,) = model.notices
    assert isinstance(notice, VariantLeftOut)
    assert notice.place == TORCH
    assert "gated" in notice.message
    assert planned(model, "llama.cpp").notices[:1] == (notice,)


def test_with_access_a_gated_original_counts(
    hub: HubServer, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.repositories[TORCH].gated = True
    hub.repositories[TORCH].granted.add("hf_granted")
    hub.tokens.add("hf_granted")
    monkeypatch.setenv("HF_TOKEN", "hf_granted")
    model = find(hub, cache)
    assert ids(model) == ALL
    assert model.notices == ()


def test_a_repository_that_is_gone_is_left_out(hub: HubServer, cache: Path) -> None:
    del hub.repositories[MLX]
    model = find(hub, cache)
    assert ids(model) == [*ALL[:2], TORCH]
    assert [notice.code for notice in model.notices] == ["variant-left-out"]


def test_a_hub_that_is_down_is_one_error_of_its_kind(hub: HubServer, cache: Path) -> None:
    hub.close()
    with pytest.raises(LmrtError) as caught:
        find(hub, cache)
    assert caught.value.code == "hub-unreachable"
    assert "`tiny`" in caught.value.message
    assert all(name in (caught.value.note or "") for name in (GGUF, MLX, TORCH))


def test_a_hub_that_is_down_leaves_what_is_cached(hub: HubServer, cache: Path) -> None:
    pull(hub, cache, "torch")
    hub.fault(Refusal("/"))
    model = find(hub, cache)
    assert ids(model) == [TORCH]
    codes = sorted(notice.code for notice in model.notices)
    assert codes == ["cached-copy-used", "variant-left-out", "variant-left-out"]


def test_a_server_error_of_one_repository_leaves_the_others(hub: HubServer, cache: Path) -> None:
    hub.fault(Refusal(MLX))
    assert ids(find(hub, cache)) == [*ALL[:2], TORCH]
