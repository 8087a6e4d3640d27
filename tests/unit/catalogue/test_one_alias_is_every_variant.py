"""An alias is one model with the artifacts of all its repositories; real files in a real cache."""

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
from attrs import evolve

from lmrt.adapters.catalogue import CatalogueSource, OwnVariantsSource
from lmrt.adapters.filesystem import LocalModelSource
from lmrt.adapters.gguf import GgufReader
from lmrt.adapters.huggingface import HubClient, HubModelSource
from lmrt.adapters.huggingface.listing import Listing
from lmrt.adapters.safetensors import SafetensorsReader
from lmrt.domain.catalogue import Catalogue
from lmrt.domain.errors import LmrtError, LoadFailed, NotMaterialized
from lmrt.domain.models import ArtifactFormat, LocalSource, ResolvedModel
from lmrt.domain.notices import VariantLeftOut
from lmrt.domain.planning import plan
from lmrt.domain.plans import PlanRequest
from lmrt.domain.references import (
    Alias,
    AliasTarget,
    HubRepository,
    LocalPath,
    Lookup,
    interpretations,
)
from tests.support.downloads import hub_source
from tests.support.tiny_models import TinyModel, write_gguf, write_hf
from tests.support.variants import (
    GGUF,
    MLX,
    TORCH,
    put_into_cache,
    tiny_catalogue,
    write_variants,
)
from tests.support.worlds import GIB, gguf_backend, machine

READERS = (GgufReader(), SafetensorsReader())
NOBODY_S = "http://127.0.0.1:9"
"""The address of a Hub that does not exist."""
ALL = [f"{GGUF}/Tiny-F32.gguf", f"{GGUF}/Tiny-Q8_0.gguf", MLX, TORCH]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    return write_variants(tmp_path_factory.mktemp("variants"))


@pytest.fixture
def lookup(tmp_path: Path) -> Lookup:
    return Lookup(tmp_path / "models", offline=True)


def hub(tmp_path: Path) -> HubModelSource:
    return hub_source(tmp_path / "hub")


def cached(tmp_path: Path, folders: Mapping[str, Path], *names: str) -> None:
    for name in names:
        put_into_cache(tmp_path / "hub", name, folders[name])


def find(tmp_path: Path, lookup: Lookup, name: str = "tiny") -> ResolvedModel:
    found = CatalogueSource(hub(tmp_path), tiny_catalogue).find(Alias(name), lookup)
    assert found is not None
    return found


def own(tmp_path: Path, lookup: Lookup, target: AliasTarget) -> ResolvedModel:
    local = LocalModelSource(READERS, {})
    source = OwnVariantsSource({"mine": target}, local, hub(tmp_path), tiny_catalogue)
    found = source.find(Alias("mine"), lookup)
    assert found is not None
    return found


def ids(model: ResolvedModel) -> list[str]:
    return [artifact.id for artifact in model.artifacts]


def test_every_artifact_of_every_repository_is_there(
    tmp_path: Path, folders: Mapping[str, Path], lookup: Lookup
) -> None:
    cached(tmp_path, folders, GGUF, MLX, TORCH)
    model = find(tmp_path, lookup)
    assert ids(model) == ALL
    assert [artifact.format for artifact in model.artifacts] == [
        *(ArtifactFormat.GGUF, ArtifactFormat.GGUF),
        *(ArtifactFormat.MLX, ArtifactFormat.SAFETENSORS),
    ]
    assert (model.reference, model.resolved_as, model.name) == ("tiny", "alias", "Tiny")
    assert (model.location, model.licence) == (f"{GGUF}, {MLX}, {TORCH}", "MIT")
    assert model.notices == ()


def test_an_artifact_s_id_is_a_reference_to_it(
    tmp_path: Path, folders: Mapping[str, Path], lookup: Lookup
) -> None:
    cached(tmp_path, folders, GGUF, MLX, TORCH)
    for artifact in find(tmp_path, lookup).artifacts:
        reading = interpretations(artifact.id)[-1]
        assert isinstance(reading, HubRepository)
        alone = hub(tmp_path).find(reading, lookup)
        assert alone is not None
        assert [evolve(one, id=artifact.id) for one in alone.artifacts] == [artifact]


def test_each_artifact_lies_in_its_own_repository_and_keeps_its_template(
    tmp_path: Path, folders: Mapping[str, Path], lookup: Lookup
) -> None:
    write_hf(TinyModel(template="other"), tmp_path / "other")
    cached(tmp_path, folders, GGUF, MLX)
    put_into_cache(tmp_path / "hub", TORCH, tmp_path / "other")
    model = find(tmp_path, lookup)
    roots = [one.source.root for one in model.artifacts if isinstance(one.source, LocalSource)]
    assert [root.parents[1].name for root in roots] == [
        *("models--quantizer--Tiny-GGUF", "models--quantizer--Tiny-GGUF"),
        *("models--mlx-community--Tiny-4bit", "models--maker--Tiny"),
    ]
    templates = [model.told_by(one).chat_template for one in model.artifacts]
    assert templates[3] == "other"
    assert "other" not in templates[:3]


def test_every_name_of_an_entry_leads_to_it(
    tmp_path: Path, folders: Mapping[str, Path], lookup: Lookup
) -> None:
    cached(tmp_path, folders, GGUF)
    assert ids(find(tmp_path, lookup, "tiny:1m")) == ids(find(tmp_path, lookup, "tiny"))


def test_the_planner_picks_for_each_backend(
    tmp_path: Path, folders: Mapping[str, Path], lookup: Lookup
) -> None:
    cached(tmp_path, folders, GGUF, MLX, TORCH)
    model = find(tmp_path, lookup)
    probes = [
        gguf_backend(backend=name, formats=frozenset({form}), methods=frozenset({"mlx"}))
        for name, form in (
            ("llama.cpp", ArtifactFormat.GGUF),
            ("mlx", ArtifactFormat.MLX),
            ("torch", ArtifactFormat.SAFETENSORS),
        )
    ]
    for backend, wanted in (("llama.cpp", ALL[:2]), ("mlx", [MLX]), ("torch", [TORCH])):
        found = plan(PlanRequest(backend=backend), model, machine(8 * GIB), probes)
        assert found.artifact.id in wanted


def test_offline_only_what_is_cached_counts_and_nothing_is_said_of_the_rest(
    tmp_path: Path, folders: Mapping[str, Path], lookup: Lookup
) -> None:
    cached(tmp_path, folders, MLX)
    model = find(tmp_path, lookup)
    assert ids(model) == [MLX]
    assert model.notices == ()


def test_with_the_network_what_cannot_be_had_is_told(
    tmp_path: Path, folders: Mapping[str, Path], lookup: Lookup
) -> None:
    cached(tmp_path, folders, GGUF, MLX)
    model = find(tmp_path, Lookup(lookup.models_dir))
    assert ids(model) == ALL[:3]
    (notice,) = (one for one in model.notices if isinstance(one, VariantLeftOut))
    assert notice.place == TORCH
    assert TORCH in notice.message


def test_nothing_cached_is_one_error_that_says_what_to_pull(tmp_path: Path, lookup: Lookup) -> None:
    with pytest.raises(NotMaterialized) as caught:
        find(tmp_path, lookup, "tiny:1m")
    error = caught.value
    assert error.code == "not-downloaded"
    assert "`rt models pull tiny:1m`" in (error.hint or "")
    assert "`tiny:1m`" in error.message
    assert error.note is not None
    assert all(name in error.note for name in (GGUF, MLX, TORCH))


def test_a_broken_repository_is_left_out_and_alone_it_is_the_error(
    tmp_path: Path, folders: Mapping[str, Path], lookup: Lookup
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "a.gguf").write_bytes(b"GGUF and no more")
    put_into_cache(tmp_path / "hub", GGUF, broken)
    with pytest.raises(LoadFailed) as caught:
        find(tmp_path, lookup)
    assert caught.value.code == "malformed-file"
    cached(tmp_path, folders, TORCH)
    model = find(tmp_path, lookup)
    assert ids(model) == [TORCH]
    assert [notice.code for notice in model.notices] == ["variant-left-out"]


def test_a_repository_of_another_model_is_left_out(
    tmp_path: Path, folders: Mapping[str, Path], lookup: Lookup
) -> None:
    write_hf(TinyModel(layers=5), tmp_path / "larger")
    cached(tmp_path, folders, GGUF)
    put_into_cache(tmp_path / "hub", TORCH, tmp_path / "larger")
    model = find(tmp_path, lookup)
    assert ids(model) == ALL[:2]
    (notice,) = model.notices
    assert notice == VariantLeftOut(TORCH, f"its layers are not those of `{GGUF}`")


def test_other_readings_and_unknown_names_are_not_the_catalogue_s(
    tmp_path: Path, lookup: Lookup
) -> None:
    source = CatalogueSource(hub(tmp_path), tiny_catalogue)
    for reading in (Alias("tiny:2m"), LocalPath("tiny"), HubRepository(GGUF)):
        assert source.find(reading, lookup) is None
    assert source.discover(tmp_path) == ()
    assert source.known_names(tmp_path) == ("tiny", "tiny:1m")


def test_the_catalogue_is_read_when_it_is_needed_and_once(tmp_path: Path, lookup: Lookup) -> None:
    reads: list[int] = []

    def read() -> Catalogue:
        reads.append(1)
        return tiny_catalogue()

    source = CatalogueSource(hub(tmp_path), read)
    assert reads == []
    source.find(LocalPath("tiny"), lookup)
    assert reads == []
    source.find(Alias("other"), lookup)
    source.known_names(tmp_path)
    assert reads == [1]


def test_repositories_are_asked_at_once(tmp_path: Path) -> None:
    """Each waits until all three are asked: one after the other they would never be."""
    everyone = threading.Barrier(3, timeout=20)

    class Waiting(HubClient):
        def listing(self, repository: str, revision: str | None = None) -> Listing:
            everyone.wait()
            return super().listing(repository, revision)

    source = CatalogueSource(hub_source(tmp_path / "hub", Waiting(NOBODY_S)), tiny_catalogue)
    with pytest.raises(LmrtError) as caught:
        source.find(Alias("tiny"), Lookup(tmp_path / "models"))
    assert caught.value.code == "hub-unreachable"
    assert not everyone.broken


def test_an_unexpected_failure_is_not_taken_for_a_missing_variant(tmp_path: Path) -> None:
    class Defective(HubClient):
        def listing(self, repository: str, revision: str | None = None) -> Listing:
            raise ZeroDivisionError

    source = CatalogueSource(hub_source(tmp_path / "hub", Defective(NOBODY_S)), tiny_catalogue)
    with pytest.raises(ZeroDivisionError):
        source.find(Alias("tiny"), Lookup(tmp_path / "models"))


def test_a_list_of_references_is_one_model(
    tmp_path: Path, folders: Mapping[str, Path], lookup: Lookup
) -> None:
    cached(tmp_path, folders, GGUF)
    file = write_gguf(TinyModel(name="Tiny", dtype="F16"), tmp_path / "mine-F16.gguf")
    model = own(tmp_path, lookup, (f"{GGUF}:Q8_0", str(file), str(folders[TORCH])))
    assert ids(model) == [f"{GGUF}/Tiny-Q8_0.gguf", str(file), str(folders[TORCH])]
    assert model.reference == "mine"


def test_a_list_may_name_the_catalogue_s_models(
    tmp_path: Path, folders: Mapping[str, Path], lookup: Lookup
) -> None:
    cached(tmp_path, folders, GGUF, MLX, TORCH)
    file = write_gguf(TinyModel(name="Tiny", dtype="F16"), tmp_path / "mine-F16.gguf")
    assert ids(own(tmp_path, lookup, (str(file), "tiny"))) == [str(file), *ALL]


def test_a_list_of_which_nothing_is_found_says_why(tmp_path: Path, lookup: Lookup) -> None:
    with pytest.raises(LmrtError) as caught:
        own(tmp_path, lookup, ("./nothing", "org/name"))
    assert caught.value.code == "model-not-found"
    assert "`./nothing`" in (caught.value.note or "")
    assert "`org/name`" in (caught.value.note or "")


def test_an_alias_of_one_reference_is_not_a_list(tmp_path: Path, lookup: Lookup) -> None:
    local = LocalModelSource(READERS, {})
    source = OwnVariantsSource({"mine": "guide"}, local, hub(tmp_path), tiny_catalogue)
    assert source.find(Alias("mine"), lookup) is None
    assert source.known_names(tmp_path) == ()
