"""How fast a machine is gets measured once, where that is asked for, and told of no other."""

import json
from pathlib import Path

import pytest
from attrs import evolve

from lmrt.adapters.fake.machine import FakeMachineProbe, fake_machine
from lmrt.adapters.filesystem import atomic_write
from lmrt.adapters.machine import MeasuredMachineProbe, measure_in_child
from lmrt.adapters.machine.measured import FIGURES
from lmrt.domain.fingerprints import fingerprint
from lmrt.domain.machine import Machine

UNKNOWN = fake_machine(memory_bandwidth=None)
FOUND = dict(zip(FIGURES, (40e9, 20e9, 2e11, 1e11), strict=True))


class Meter:
    """Measures without a machine, and counts."""

    def __init__(self, failure: OSError | None = None) -> None:
        self.asked: list[tuple[int, int]] = []
        self.failure = failure

    def __call__(self, threads: int, size: int) -> dict[str, float]:
        self.asked.append((threads, size))
        if self.failure is not None:
            raise self.failure
        return dict(FOUND)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "machine.json"


def probe(path: Path, meter: Meter | None, machine: Machine = UNKNOWN) -> MeasuredMachineProbe:
    return MeasuredMachineProbe(
        probe=FakeMachineProbe(machine), path=path, write=atomic_write, measure=meter
    )


def figures(machine: Machine) -> dict[str, float | None]:
    return {name: getattr(machine, name) for name in FIGURES}


def test_nothing_is_measured_unless_asked_for(path: Path) -> None:
    assert probe(path, None).inspect() == UNKNOWN
    assert not path.exists()


def test_it_is_measured_once_and_known_to_all_later(path: Path) -> None:
    meter = Meter()
    first = probe(path, meter).inspect()
    probe(path, meter).inspect()

    assert figures(first) == FOUND
    assert probe(path, None).inspect() == first
    assert meter.asked == [(8, 256 << 20)]


def test_another_machine_is_measured_anew(path: Path) -> None:
    meter = Meter()
    probe(path, meter).inspect()
    other = evolve(UNKNOWN, processor=evolve(UNKNOWN.processor, name="Another"))
    assert fingerprint(other) != fingerprint(UNKNOWN)

    assert probe(path, None, other).inspect() == other
    probe(path, meter, other).inspect()
    assert len(meter.asked) == 2
    assert figures(probe(path, None).inspect()) == FOUND


@pytest.mark.parametrize(
    "content",
    ["no json", "{}", "[]", '{"version": 0, "machines": {}}', '{"version": 1, "machines": 3}'],
)
def test_a_broken_file_is_as_none(path: Path, content: str) -> None:
    path.parent.mkdir()
    path.write_text(content)

    assert probe(path, None).inspect() == UNKNOWN
    assert figures(probe(path, Meter()).inspect()) == FOUND
    assert json.loads(path.read_text())["version"] == 1


def test_a_measurement_that_fails_is_a_finding(path: Path) -> None:
    machine = probe(path, Meter(OSError("no numpy"))).inspect()

    assert machine.findings == ("memory and arithmetic cannot be measured: no numpy",)
    assert machine.memory_bandwidth is None


def test_a_cache_that_cannot_be_written_loses_only_the_cache(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    machine = probe(tmp_path / "file" / "machine.json", Meter()).inspect()

    assert figures(machine) == FOUND
    (finding,) = machine.findings
    assert "cannot be written" in finding


def test_little_memory_is_read_little_of(path: Path) -> None:
    meter = Meter()
    probe(path, meter, evolve(UNKNOWN, memory_free=1 << 30)).inspect()

    assert meter.asked == [(8, 128 << 20)]


def test_a_real_measurement_tells_sensible_figures() -> None:
    found = measure_in_child(2, 64 << 20)

    assert set(found) == set(FIGURES)
    assert found["thread_bandwidth"] <= found["memory_bandwidth"] < 1e13
    assert 1e8 < found["thread_arithmetic"] <= found["arithmetic"] < 1e15
