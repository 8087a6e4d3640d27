"""References are read in a fixed order, and what leads nowhere is explained."""

from pathlib import Path

import pytest
from attrs import evolve

from lmrt.application.resolver import Resolver
from lmrt.domain.errors import ConfigurationError, ModelNotFound, NotMaterialized
from lmrt.domain.models import ResolvedModel
from lmrt.domain.references import (
    Alias,
    HubRepository,
    Interpretation,
    LocalPath,
    Lookup,
    UnderModelsDir,
)
from lmrt.domain.resolution import Failed, Follows, Found, NotTried, kind_of
from tests.support.worlds import model

HERE = Lookup(Path("models"))
MODEL = model()


class Shelf:
    """A source that holds a model under each of some readings."""

    def __init__(self, *held: Interpretation, empty: tuple[Interpretation, ...] = ()) -> None:
        self.held, self.empty = held, empty
        self.asked: list[Interpretation] = []

    def find(self, interpretation: Interpretation, lookup: Lookup) -> ResolvedModel | None:
        self.asked.append(interpretation)
        if interpretation in self.empty:
            raise ModelNotFound("empty", code="no-model-files")
        if interpretation in self.held:
            return evolve(MODEL, location=str(interpretation))
        if isinstance(interpretation, HubRepository):
            raise NotMaterialized("not here", code="not-downloaded")
        return None

    def discover(self, models_dir: Path) -> tuple[ResolvedModel, ...]:
        return ()

    def known_names(self, models_dir: Path) -> tuple[str, ...]:
        return ("guide",)


def test_the_first_reading_that_leads_somewhere_wins() -> None:
    shelf = Shelf(LocalPath("guide"), Alias("guide"))
    found = Resolver([shelf], {}).resolve("guide", HERE)
    assert found.location == str(LocalPath("guide"))
    assert shelf.asked == [LocalPath("guide")]


def test_a_folder_without_a_model_does_not_hide_an_alias() -> None:
    shelf = Shelf(Alias("guide"), empty=(LocalPath("guide"),))
    assert Resolver([shelf], {}).resolve("guide", HERE).location == str(Alias("guide"))


def test_a_folder_without_a_model_is_named_where_nothing_else_is_found() -> None:
    with pytest.raises(ModelNotFound) as caught:
        Resolver([Shelf(empty=(LocalPath("guide"),))], {}).resolve("guide", HERE)
    assert caught.value.code == "no-model-files"


def test_the_users_alias_leads_to_its_reference() -> None:
    shelf = Shelf(LocalPath("/m.gguf"))
    found = Resolver([shelf], {"mine": "other", "other": "/m.gguf"}).resolve("mine", HERE)
    assert found.location == str(LocalPath("/m.gguf"))


def test_aliases_that_lead_in_a_circle_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="a -> b -> a") as caught:
        Resolver([Shelf()], {"a": "b", "b": "a"}).resolve("a", HERE)
    assert caught.value.code == "invalid-reference"


def test_a_near_miss_is_suggested() -> None:
    with pytest.raises(ModelNotFound) as caught:
        Resolver([Shelf()], {"qwen-small": "x"}).resolve("qwen-smal", HERE)
    assert caught.value.hint == "did you mean `qwen-small`?"


def test_a_path_that_does_not_exist_is_not_taken_for_a_repository_in_silence() -> None:
    with pytest.raises(NotMaterialized) as caught:
        Resolver([Shelf()], {}).resolve("models/missing", HERE)
    assert "it was read as a Hub repository" in str(caught.value.note)
    with pytest.raises(NotMaterialized) as caught:
        Resolver([Shelf()], {}).resolve("hf:models/missing", HERE)
    assert caught.value.note is None


def test_the_users_alias_goes_before_a_source_s() -> None:
    shelf = Shelf(Alias("guide"), LocalPath("/m.gguf"))
    found = Resolver([shelf], {"guide": "/m.gguf"}).resolve("guide", HERE)
    assert found.location == str(LocalPath("/m.gguf"))


def test_an_alias_of_several_variants_is_left_to_the_sources() -> None:
    shelf = Shelf(Alias("mine"))
    found = Resolver([shelf], {"mine": ("org/a", "org/b")}).resolve("mine", HERE)
    assert found.location == str(Alias("mine"))


def test_the_model_s_reference_is_what_was_typed() -> None:
    shelf = Shelf(LocalPath("/m.gguf"), HubRepository("org/name"))
    resolver = Resolver([shelf], {"mine": "/m.gguf"})
    assert resolver.resolve(" mine ", HERE).reference == "mine"
    assert resolver.resolve("hf:org/name", HERE).reference == "hf:org/name"


def test_every_reading_is_told_with_what_came_of_it() -> None:
    shelf = Shelf(UnderModelsDir("guide"), empty=(LocalPath("guide"),))
    attempts = Resolver([shelf], {}).explain("guide", HERE).attempts
    assert [one.outcome for one in attempts] == [
        Failed("no-model-files", "empty"),
        Found(str(UnderModelsDir("guide"))),
        NotTried(),
    ]
    assert [one.place for one in attempts] == ["guide", "models/guide", "guide"]


def test_the_readings_of_what_an_alias_stands_for_come_after_it() -> None:
    shelf = Shelf(LocalPath("/m.gguf"))
    attempts = Resolver([shelf], {"mine": "/m.gguf"}).explain("mine", HERE).attempts
    assert [kind_of(one.reading) for one in attempts] == ["path", "models-dir", "alias", "path"]
    assert attempts[2].outcome == Follows("/m.gguf")


def test_what_leads_nowhere_tells_every_place_that_was_looked_at() -> None:
    with pytest.raises(ModelNotFound) as caught:
        Resolver([Shelf()], {"mine": "/gone.gguf"}).resolve("mine", HERE)
    assert caught.value.note == (
        "path: there is no `mine`\n"
        "models-dir: there is no `models/mine`\n"
        "alias: your own, stands for `/gone.gguf`\n"
        "path: there is no `/gone.gguf`"
    )


class Hub(Shelf):
    """A source whose every repository is unknown."""

    def find(self, interpretation: Interpretation, lookup: Lookup) -> ResolvedModel | None:
        if isinstance(interpretation, HubRepository):
            raise ModelNotFound(
                "no such repository", code="repository-not-found", hint="look it up"
            )
        return super().find(interpretation, lookup)

    def known_names(self, models_dir: Path) -> tuple[str, ...]:
        return ("org/name", "qwen3:4b")


def test_a_misspelt_repository_is_suggested_beside_the_hub_s_hint() -> None:
    with pytest.raises(ModelNotFound) as caught:
        Resolver([Hub()], {}).resolve("org/nmae", HERE)
    assert caught.value.message == "no such repository"
    assert "so it was read as a Hub repository" in str(caught.value.note)
    assert caught.value.hint == "did you mean `org/name`?\nlook it up"


def test_an_empty_folder_is_named_where_the_hub_has_no_such_repository_either() -> None:
    empty = Hub(empty=(LocalPath("org/nmae"),))
    with pytest.raises(ModelNotFound) as caught:
        Resolver([empty], {}).resolve("org/nmae", HERE)
    assert caught.value.code == "no-model-files"
