"""References are read in a fixed order, and what leads nowhere is explained."""

from pathlib import Path

import pytest
from attrs import evolve

from lmrt.application.resolver import Resolver
from lmrt.domain.errors import ConfigurationError, ModelNotFound, NotMaterialized
from lmrt.domain.models import ResolvedModel
from lmrt.domain.references import Alias, HubRepository, Interpretation, LocalPath, Lookup
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
