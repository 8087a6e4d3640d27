"""The machines of `tests/fixtures/machines`: every figure has its source and stands in the file."""

import json
from typing import Any

import pytest

from lmrt.domain.probes import Available, BackendProbe
from lmrt.wire.machine import machine_from_payload
from tests.golden.machines import FOLDER, saved, sources, surroundings

SYNTHETIC = [name for name, entry in sources().items() if entry["kind"] == "synthetic"]
RECORDED = [name for name, entry in sources().items() if entry["kind"] == "recorded"]


def figures(entry: Any) -> list[dict[str, Any]]:
    """Return all figures of a description."""
    own = [dict(figure) for figure in entry["figures"].values()]
    cards = (card for card in entry.get("cards", ()))
    return own + [dict(figure) for card in cards for figure in card.values() if _is_figure(figure)]


def _is_figure(value: object) -> bool:
    return isinstance(value, dict)


def test_every_document_is_described_and_every_description_has_its_document() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} == set(sources())
    assert len(sources()) >= 12
    assert set(SYNTHETIC) | set(RECORDED) == set(sources())
    assert RECORDED


@pytest.mark.parametrize("name", SYNTHETIC)
def test_every_figure_has_a_source_or_says_that_it_is_assumed(name: str) -> None:
    for figure in figures(sources()[name]):
        assert set(figure) in ({"value", "source"}, {"value", "assumed"})
        told = str(figure.get("source") or figure.get("assumed"))
        assert len(told) > 10
        if "source" in figure:
            assert "https://" in told or "public code on GitHub" in told


@pytest.mark.parametrize("name", SYNTHETIC)
def test_a_document_has_the_figures_of_its_description(name: str) -> None:
    assert saved(name).machine == surroundings(sources()[name]).machine


@pytest.mark.parametrize("name", SYNTHETIC)
def test_a_document_says_what_the_probes_say_today(name: str) -> None:
    """Speeds apart, which are fitted anew now and then."""
    now = surroundings(sources()[name]).probes

    assert [_able(probe) for probe in saved(name).probes] == [_able(probe) for probe in now]


def _able(probe: BackendProbe) -> tuple[object, ...]:
    return (
        probe.backend,
        isinstance(probe.availability, Available),
        [(each.device, each.kind, each.dtypes, each.other_dtypes) for each in probe.devices],
        probe.formats,
        probe.modalities,
        probe.features,
        probe.kv_types,
        (probe.overhead, probe.device_overhead, probe.max_sequences),
    )


@pytest.mark.parametrize("name", [name for name in SYNTHETIC if "apple" in name])
def test_no_more_is_planned_with_than_metal_recommends(name: str) -> None:
    told = sources()[name]["figures"]["working_set"]["value"]
    (metal,) = saved(name).machine.accelerators

    assert 0.8 * told < metal.memory_total <= told


@pytest.mark.parametrize("name", list(sources()))
def test_a_document_names_no_place_of_the_machine_that_wrote_it(name: str) -> None:
    text = (FOLDER / f"{name}.json").read_text("utf-8")

    assert "/" not in text
    machine_from_payload(json.loads(text))


def test_what_is_missing_is_missing() -> None:
    def usable(name: str) -> dict[str, set[str]]:
        return {
            probe.backend: {str(device.kind) for device in probe.devices}
            for probe in saved(name).probes
            if isinstance(probe.availability, Available)
        }

    assert "mlx" not in usable("mac-without-mlx")
    assert "torch" not in usable("rtx-3060-without-torch")
    assert usable("rtx-4090-cpu-only-llama-cpp") == {"llama.cpp": {"cpu"}}
    assert usable("rtx-4090-24gb")["llama.cpp"] == {"cpu", "cuda"}
    assert all(probe.modalities == {"text"} for probe in saved("rtx-4090-without-vision").probes)
