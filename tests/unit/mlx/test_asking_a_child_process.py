"""Whatever happens to the child process of the deep probe is a finding."""

import json
import sys
from pathlib import Path

import pytest

from lmrt.adapters.mlx import probe
from lmrt.adapters.mlx.child import ChildFailed, ChildReport, ask_child
from lmrt.domain.probes import Unavailable, UnavailableReason
from tests.unit.mlx.test_probe_of_an_installation import installation


def python(program: str) -> tuple[str, ...]:
    return (sys.executable, "-c", program)


def failure(program: str, timeout: float = 20.0) -> str:
    found = ask_child(python(program), timeout)
    assert isinstance(found, ChildFailed)
    return found.message


@pytest.mark.parametrize("name", ["SIGILL", "SIGSEGV", "SIGABRT"])
def test_a_crash_names_its_signal(name: str) -> None:
    assert name in failure(f"import os, signal; os.kill(os.getpid(), signal.{name})")


def test_an_exception_shows_its_last_line() -> None:
    message = failure("raise ImportError('libmlx.so: cannot open shared object file')")
    assert message.endswith("ImportError: libmlx.so: cannot open shared object file")


def test_a_child_that_hangs_is_given_up() -> None:
    assert "0.2 seconds" in failure("import time; time.sleep(60)", timeout=0.2)


@pytest.mark.parametrize("said", ["", "print('noise')", "print('[]')", "print('{}')"])
def test_a_child_that_gives_no_report(said: str) -> None:
    assert "no report" in failure(said)


def test_a_program_that_is_not_there() -> None:
    assert isinstance(ask_child(("/nowhere/python",)), ChildFailed)


def test_a_report_is_read_past_what_was_printed_before() -> None:
    document = {
        "engine": "MLX 1, mlx-lm 2",
        "devices": ["metal", "cpu"],
        "device": {"device name": "Apple M9"},
    }
    found = ask_child(python(f"print('a banner'); print({json.dumps(document)!r})"))
    assert isinstance(found, ChildReport)
    assert found.devices == {"metal", "cpu"}
    assert found.details == (("engine", "MLX 1, mlx-lm 2"), ("device name", "Apple M9"))


def test_a_failed_child_makes_the_backend_broken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = installation(tmp_path)
    monkeypatch.setattr(probe, "find_installation", lambda: found)
    monkeypatch.setattr(probe, "ask_child", lambda: ChildFailed("the engine crashed: SIGILL"))
    availability = probe.deep_probe().availability
    assert isinstance(availability, Unavailable)
    assert availability.reason is UnavailableReason.BROKEN
    assert "SIGILL" in availability.message
    assert "--force-reinstall" in (availability.fix or "")
