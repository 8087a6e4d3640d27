"""A Hub reference leads to a model: what is cached counts as here, the rest as on the Hub."""

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from lmrt.adapters.huggingface import (
    HubModelSource,
)
from lmrt.domain.errors import ModelNotFound
from lmrt.domain.models import HubSource, LocalSource
from lmrt.domain.references import Alias, LocalPath
from tests.integration.hub.models.conftest import (
    OFFLINE,
    ONLINE,
    TINY,
    find,
    here,
    ids,
    made,
    pull,
    refused,
)
from tests.support.hub_server import HubServer
from tests.support.tiny_models import TinyModel, write_gguf


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
