"""The ledger is a file of lines: appended whole, bounded, and read past what is broken."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from attrs import evolve

from lmrt.adapters.ledger import FileSpeedLedger
from lmrt.adapters.ledger.file import MOST
from lmrt.domain.speeds import Comparison, RunKey, SpeedRun

KEY = RunKey("llama.cpp", "cpu", "Q4_K_M", "0.3.36", "llama 100M", 2, "f16")
RUN = SpeedRun("0123456789abcdef", KEY, None, Comparison(100.0, 80.0, 64))

WRITER = """
import sys
from pathlib import Path
from tests.unit.ledger.test_runs_are_kept import FileSpeedLedger, RUN, numbered
ledger = FileSpeedLedger(Path(sys.argv[1]), print)
for number in range(25):
    ledger.record(numbered(100 * int(sys.argv[2]) + number + 1))
"""


def numbered(number: int) -> SpeedRun:
    return evolve(RUN, decode=Comparison(100.0, 80.0, number))


def numbers(runs: tuple[SpeedRun, ...]) -> list[int]:
    return [run.decode.tokens for run in runs if run.decode]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "speeds.jsonl"


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def ledger(path: Path, told: list[str]) -> FileSpeedLedger:
    return FileSpeedLedger(path, told.append)


def test_a_run_comes_back_as_it_was(ledger: FileSpeedLedger) -> None:
    assert ledger.runs(RUN.machine) == ()

    ledger.record(RUN)
    ledger.record(evolve(RUN, prefill=Comparison(900.0, 1000.0, 512), decode=None))

    assert ledger.runs(RUN.machine) == (
        RUN,
        evolve(RUN, prefill=Comparison(900.0, 1000.0, 512), decode=None),
    )


def test_another_machines_runs_do_not_count(ledger: FileSpeedLedger) -> None:
    ledger.record(evolve(RUN, machine="another"))

    assert ledger.runs(RUN.machine) == ()


def test_a_line_holds_figures_and_nothing_that_was_said(
    ledger: FileSpeedLedger, path: Path
) -> None:
    ledger.record(RUN)

    line = json.loads(path.read_text("utf-8"))
    assert set(line) == {"version", "machine", "key", "prefill", "decode"}
    assert set(line["decode"]) == {"predicted", "measured", "tokens"}


@pytest.mark.parametrize(
    "broken",
    [
        b"no json",
        b'{"version":1,"machine":"x"}',
        b'{"version":1,"machine":"x","key":{"backend":1,"device":"cpu"}}',
        b"[]",
        b"\xff\xfe",
        b'{"version":1,"machine":"m","key":{"backend":"a","device":"c"},"decode":{"predicted":0}}',
    ],
)
def test_a_broken_line_is_left_out_and_told_once(
    ledger: FileSpeedLedger, path: Path, told: list[str], broken: bytes
) -> None:
    ledger.record(numbered(1))
    with path.open("ab") as file:
        file.write(broken + b"\n")
    ledger.record(numbered(2))
    with path.open("ab") as file:
        file.write(broken + b"\n")

    assert numbers(ledger.runs(RUN.machine)) == [1, 2]
    assert numbers(ledger.runs(RUN.machine)) == [1, 2]
    assert told == [f"1 broken lines of `{path}` are left out"]


def test_a_line_that_was_cut_off_takes_no_other_with_it(
    ledger: FileSpeedLedger, path: Path
) -> None:
    ledger.record(numbered(1))
    ledger.record(numbered(2))
    path.write_bytes(path.read_bytes()[:-20])
    ledger.record(numbered(3))

    assert numbers(ledger.runs(RUN.machine)) == [1, 3]


def test_a_line_of_another_version_stays_where_it_is(ledger: FileSpeedLedger, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b'{"version":2}\n')
    ledger.record(RUN)

    assert ledger.runs(RUN.machine) == (RUN,)
    assert path.read_bytes().startswith(b'{"version":2}\n')


def test_the_oldest_go_when_there_are_too_many(ledger: FileSpeedLedger, path: Path) -> None:
    ledger.record(RUN)
    path.write_bytes(path.read_bytes() * (MOST + 100))
    ledger.record(numbered(7))

    kept = numbers(ledger.runs(RUN.machine))
    assert len(kept) == MOST
    assert kept[-1] == 7


def test_a_folder_that_cannot_be_made_is_told_once(tmp_path: Path, told: list[str]) -> None:
    (tmp_path / "file").write_text("")
    ledger = FileSpeedLedger(tmp_path / "file" / "speeds.jsonl", told.append)
    ledger.record(RUN)
    ledger.record(RUN)

    assert ledger.runs(RUN.machine) == ()
    assert len(told) == 1


def test_processes_lose_no_run_of_each_other(path: Path, told: list[str]) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(number)])
        for number in range(3)
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0]

    kept = numbers(FileSpeedLedger(path, told.append).runs(RUN.machine))
    wanted = [100 * writer + number + 1 for writer in range(3) for number in range(25)]
    assert sorted(kept) == wanted
    assert not told
