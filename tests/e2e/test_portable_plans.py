"""Plans and machines in files: written by one command, read by another."""

import json
from pathlib import Path

from lmrt.domain.surroundings import Surroundings
from lmrt.wire.machine import machine_payload
from tests.e2e.support import rt
from tests.support.worlds import MIB, gguf_backend, machine


def test_a_saved_plan_is_run_until_something_changes(tmp_path: Path) -> None:
    planned = rt("plan", "guide", "--backend", "llama.cpp", "--save", "plan.json", home=tmp_path)
    assert planned.returncode == 0, planned.stderr

    run = rt("prompt", "--plan", "plan.json", "-n", "4", "--json", "hello", home=tmp_path)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["plan"]["backend"] == "llama.cpp"

    file = tmp_path / "plan.json"
    plan = json.loads(file.read_text(encoding="utf-8"))
    plan["engine_version"] = "0.0.1"
    plan["chosen"]["memory"]["host"] = 2**60
    file.write_text(json.dumps(plan), encoding="utf-8")
    changed = rt("prompt", "--plan", "plan.json", "hello", home=tmp_path)
    assert changed.returncode == 2
    assert changed.stdout == ""
    assert changed.stderr.startswith("error[plan-changed]: ")
    assert "`llama.cpp` was 0.0.1, now it is " in changed.stderr
    assert "of main memory" in changed.stderr


def test_options_that_ask_for_another_plan_are_refused_beside_one(tmp_path: Path) -> None:
    run = rt("prompt", "--plan", "plan.json", "--context", "64", "hello", home=tmp_path)

    assert run.returncode == 2
    assert run.stderr.startswith("error[invalid-option]: `--context` cannot be given beside")


def test_a_plan_is_made_for_a_machine_in_a_file(tmp_path: Path) -> None:
    small = Surroundings(machine(8 * 1024 * MIB, 90 * MIB), (gguf_backend(),))
    file = tmp_path / "machine.json"
    file.write_text(json.dumps(machine_payload(small)), encoding="utf-8")

    run = rt("plan", "guide", "--machine", "machine.json", "--json", home=tmp_path)

    assert run.returncode == 4
    (found, *_) = json.loads(run.stdout)["error"]["counterfactuals"]
    assert (found["backend"], found["change"]["type"]) == ("alpha", "memory-freed")
    freed = Surroundings(machine(8 * 1024 * MIB, 90 * MIB + found["change"]["size"]), small.probes)
    file.write_text(json.dumps(machine_payload(freed)), encoding="utf-8")
    assert rt("plan", "guide", "--machine", "machine.json", home=tmp_path).returncode == 0


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"version": 1, "kind": "plan", "a": NaN}', encoding="utf-8")

    for command in (("plan", "guide", "--machine"), ("prompt", "hello", "--plan")):
        run = rt(*command, "x.json", home=tmp_path)
        assert run.returncode == 2
        assert run.stderr.startswith("error[invalid-document]: `x.json`: ")
        assert "Traceback" not in run.stderr


def test_a_plan_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    run = rt("plan", "guide", "--save", "missing/plan.json", home=tmp_path)

    assert run.returncode == 2
    assert run.stderr.startswith("error[unwritable-output]: `missing/plan.json`")
