"""The catalogue that comes with lmrt keeps what its documentation promises."""

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from lmrt.adapters.catalogue import read_catalogue
from lmrt.adapters.filesystem import bundled_models
from lmrt.domain.catalogue import Entry
from lmrt.domain.messages import Modality
from lmrt.domain.models import ArtifactFormat
from lmrt.domain.references import Alias, interpretations

ROOT = Path(__file__).parents[3]
CATALOGUE = read_catalogue()
EVIDENCE = tomllib.loads((ROOT / "docs" / "catalogue-evidence.toml").read_text("utf-8"))
FAMILIES = tuple(dict.fromkeys(entry.family for entry in CATALOGUE.entries))
RUNTIMES = {ArtifactFormat.GGUF, ArtifactFormat.MLX, ArtifactFormat.SAFETENSORS}


def _of(family: str) -> list[Entry]:
    return [entry for entry in CATALOGUE.entries if entry.family == family]


def test_there_are_at_least_25_families() -> None:
    assert len(FAMILIES) >= 25


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_can_be_had_for_every_runtime(family: str) -> None:
    assert {form for entry in _of(family) for form in entry.formats} == RUNTIMES


@pytest.mark.parametrize("family", FAMILIES)
def test_the_default_size_can_be_had_for_every_runtime(family: str) -> None:
    found = CATALOGUE.find(family)
    assert found is not None
    assert set(found.formats) == RUNTIMES


def test_the_kinds_that_users_look_for_are_there() -> None:
    for family in (
        *("qwen3", "llama3.2", "gemma3", "mistral", "phi4", "deepseek-r1", "gpt-oss"),
        *("smollm2", "granite4", "glm4"),
    ):
        assert CATALOGUE.find(family), family
    kinds = Counter(kind for entry in CATALOGUE.entries for kind in entry.modalities)
    assert kinds[Modality.IMAGE] >= 5
    assert kinds[Modality.AUDIO] >= 2


def test_names_are_unique_and_lead_to_their_entry() -> None:
    names = [name for entry in CATALOGUE.entries for name in entry.names]
    assert len(names) == len(set(names))
    for entry in CATALOGUE.entries:
        assert all(CATALOGUE.find(name) is entry for name in entry.names)


def test_every_name_can_be_typed_as_an_alias() -> None:
    for name in CATALOGUE.names:
        assert Alias(name) in interpretations(name), name
        assert re.fullmatch(r"[a-z0-9][a-z0-9.-]*(:[a-z0-9][a-z0-9.-]*)?", name), name


def test_no_name_hides_a_bundled_model() -> None:
    assert not set(CATALOGUE.names) & set(bundled_models())


def test_no_repository_stands_in_two_places() -> None:
    places = Counter(
        str(variant.repository) for entry in CATALOGUE.entries for variant in entry.variants
    )
    assert [name for name, count in places.items() if count > 1] == []


def test_numbers_are_believable() -> None:
    for entry in CATALOGUE.entries:
        assert 10**8 <= entry.parameters <= 10**12, entry.alias
        assert 2048 <= entry.context <= 10**7 * 2, entry.alias
        if entry.active_parameters is not None:
            assert entry.active_parameters < entry.parameters, entry.alias


def test_a_size_says_about_how_many_parameters_there_are() -> None:
    """`4b` has about 4 billion: makers round, but not by half."""
    for entry in CATALOGUE.entries:
        told = re.match(r"(\d+(?:\.\d+)?)([mb])(?:-|$)", entry.size)
        if told is None:
            continue
        size = float(told[1]) * (10**6 if told[2] == "m" else 10**9)
        assert 0.6 < entry.parameters / size < 1.7, entry.alias


def test_every_repository_was_seen_somewhere() -> None:
    named = {str(one.repository) for entry in CATALOGUE.entries for one in entry.variants}
    assert named == set(EVIDENCE)
    assert all(pages for pages in EVIDENCE.values())


def test_repositories_hold_what_their_names_say() -> None:
    for entry in CATALOGUE.entries:
        for variant in entry.variants:
            name = variant.repository.repository
            assert name.lower().endswith("gguf") == (variant.format is ArtifactFormat.GGUF), name
            assert name.startswith("mlx-community/") == (variant.format is ArtifactFormat.MLX), name
            assert (variant.quantization is not None) == (variant.format is ArtifactFormat.MLX)
