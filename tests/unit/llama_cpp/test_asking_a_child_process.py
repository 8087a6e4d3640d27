"""Whatever happens to the child process of the deep probe is a finding."""

import json
import sys
from pathlib import Path

import pytest

from lmrt.adapters.llama_cpp import probe
from lmrt.adapters.llama_cpp.child import ChildFailed, ChildReport, ask_child
from lmrt.adapters.llama_cpp.installation import Installation
from lmrt.domain.machine import DeviceKind
from lmrt.domain.probes import Unavailable, UnavailableReason


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
    message = failure("raise RuntimeError('Failed to load shared library')")
    assert message.endswith("RuntimeError: Failed to load shared library")


def test_a_child_that_hangs_is_given_up() -> None:
    assert "0.2 seconds" in failure("import time; time.sleep(60)", timeout=0.2)


@pytest.mark.parametrize("said", ["", "print('noise')", "print('[]')", "print('{}')"])
def test_a_child_that_gives_no_report(said: str) -> None:
    assert "no report" in failure(said)


def test_a_program_that_is_not_there() -> None:
    found = ask_child(("/nowhere/python",))
    assert isinstance(found, ChildFailed)


def test_a_report_is_read_past_what_was_printed_before() -> None:
    document = {
        "engine": "llama.cpp 1",
        "system": "AVX2 = 1",
        "devices": [
            device("CPU", "cpu", "cpu"),
            device("Vulkan0", None, None),
            device("CUDA0", "cuda:0", "cuda"),
        ],
    }
    program = f"print('a banner'); print({json.dumps(document)!r})"
    found = ask_child(python(program))
    assert isinstance(found, ChildReport)
    kinds = [(entry.device, entry.kind) for entry in found.devices]
    assert kinds == [("cuda:0", DeviceKind.CUDA), ("cpu", DeviceKind.CPU)]
    assert ("device Vulkan0", "Vulkan0's name, 1 of 2 MiB free") in found.details


def device(engine_name: str, name: str | None, kind: str | None) -> dict[str, object]:
    return {
        "engine_name": engine_name,
        "device": name,
        "kind": kind,
        "name": f"{engine_name}'s name",
        "total": 2 << 20,
        "free": 1 << 20,
    }


def test_a_failed_child_makes_the_backend_broken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "libllama.so").touch()
    monkeypatch.setattr(probe, "find_installation", lambda: Installation("0.3.36", tmp_path))
    monkeypatch.setattr(probe, "ask_child", lambda: ChildFailed("the engine crashed: SIGILL"))
    availability = probe.deep_probe().availability
    assert isinstance(availability, Unavailable)
    assert availability.reason is UnavailableReason.BROKEN
    assert "SIGILL" in availability.message
    assert "--force-reinstall" in (availability.fix or "")
