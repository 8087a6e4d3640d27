"""Whatever happens to the child process of the deep probe is a finding."""

import json
import sys

import pytest

from lmrt.adapters.torch.child import ChildFailed, ChildReport, ask_child


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
    message = failure("raise OSError('libcudart.so: cannot open shared object file')")
    assert message.endswith("OSError: libcudart.so: cannot open shared object file")


def test_a_child_that_hangs_is_given_up() -> None:
    assert "0.2 seconds" in failure("import time; time.sleep(60)", timeout=0.2)


@pytest.mark.parametrize("said", ["", "print('noise')", "print('[]')", "print('{}')"])
def test_a_child_that_gives_no_report(said: str) -> None:
    assert "no report" in failure(said)


def test_a_program_that_is_not_there() -> None:
    assert isinstance(ask_child(("/nowhere/python",)), ChildFailed)


def test_a_report_is_read_past_what_was_printed_before() -> None:
    devices = [{"device": "cuda:0", "label": "a card"}, {"device": "cpu", "label": "AVX2"}]
    document = json.dumps({"engine": "torch 2.13.0", "devices": devices})
    found = ask_child(python(f"print('a banner'); print({document!r})"))
    assert found == ChildReport(
        frozenset({"cuda:0", "cpu"}),
        (("engine", "torch 2.13.0"), ("device cuda:0", "a card"), ("device cpu", "AVX2")),
    )
