"""`rt bench` as a user runs it, and what it changes for later plans."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.support import rt

SHORT = ("--backend", "llama.cpp", "--rounds", "1", "--prompt-tokens", "64", "--tokens", "24")


def cached(home: Path) -> dict[str, Path]:
    return {path.name: path for path in home.rglob("lmrt/*") if path.is_file()}


def planned(home: Path) -> dict[str, Any]:
    run = rt("plan", "--backend", "llama.cpp", "--json", home=home)
    assert run.returncode == 0, run.stderr
    return dict(json.loads(run.stdout)["chosen"]["speed"])


def test_a_bench_measures_and_corrects_later_plans(tmp_path: Path) -> None:
    before = planned(tmp_path)
    assert not before["measured_bandwidth"]
    assert before["correction"]["runs"] == 0

    run = rt("bench", *SHORT, "--json", home=tmp_path)
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    found = json.loads(run.stdout)
    assert (found["version"], found["kind"], found["recorded"]) == (1, "bench", True)
    for part, tokens in (("prefill", 64), ("decode", 24)):
        assert found[part]["tokens"] == tokens
        assert found[part]["measured"] > 0
        assert found[part]["corrected"] == found[part]["predicted"] > 0

    after = planned(tmp_path)
    assert after["measured_bandwidth"]
    assert after["correction"]["runs"] == 1
    factor = found["decode"]["measured"] / found["decode"]["predicted"]
    assert after["correction"]["decode"] == pytest.approx(min(max(factor, 0.2), 5.0))
    assert {"machine.json", "speeds.jsonl"} <= cached(tmp_path).keys()
    shown = rt("plan", "--backend", "llama.cpp", home=tmp_path).stdout
    assert "corrected by 1 run on this machine" in shown


def test_a_table_for_people_goes_to_stdout(tmp_path: Path) -> None:
    run = rt("bench", *SHORT, home=tmp_path)

    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    for word in ("predicted", "measured", "limit", "prompt", "generated"):
        assert word in run.stdout
    assert all(len(line) <= 120 for line in run.stdout.splitlines())


def test_no_ledger_is_written_where_the_user_wants_none(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("ledger = false\n")
    off = {"RT_CONFIG": str(config)}
    run = rt("bench", *SHORT, "--json", home=tmp_path, env=off)
    answer = rt("prompt", "What is lmrt?", "-t", "0", home=tmp_path, env=off)

    assert (run.returncode, answer.returncode) == (0, 0)
    assert not json.loads(run.stdout)["recorded"]
    assert "speeds.jsonl" not in cached(tmp_path)


def test_a_prompt_is_kept_without_what_was_said(tmp_path: Path) -> None:
    question = "What is lmrt?"
    answer = rt("prompt", question, "-t", "0", "--backend", "llama.cpp", home=tmp_path)
    assert answer.returncode == 0, answer.stderr

    (line,) = cached(tmp_path)["speeds.jsonl"].read_text("utf-8").splitlines()
    kept = json.loads(line)
    assert kept["decode"]["tokens"] >= 16
    assert kept["prefill"] is None  # the first prompt after a load
    for said in (question, answer.stdout.strip(), "guide", str(tmp_path)):
        assert said not in line
    assert "machine.json" not in cached(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--rounds", "0"), "`rounds` is 0"),
        (("--tokens", "1"), "`tokens` is 1"),
        (("--prompt-tokens", "-3"), "`prompt-tokens` is -3"),
        (("--threads", "0"), "`threads` is 0"),
        (("--prompt-tokens", "100000"), "100,000 tokens"),
    ],
)
def test_a_number_outside_its_range_is_refused(
    tmp_path: Path, arguments: tuple[str, ...], problem: str
) -> None:
    run = rt("bench", *arguments, home=tmp_path)

    assert run.returncode == 2
    assert problem in run.stderr
    assert run.stdout == ""
