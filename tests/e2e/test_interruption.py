"""Ctrl-C, closed pipes and a missing network."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.e2e.support import RT, environment, rt
from tests.support.tiny_models import TinyModel, write_gguf


@pytest.fixture
def rambling(tmp_path: Path) -> Path:
    """A random model that goes on until its context is full, greedily."""
    return write_gguf(TinyModel(context=16384), tmp_path / "rambling.gguf")


def _command(model: Path) -> list[str]:
    return [RT, "prompt", "go", "-m", str(model), "--raw", "-t", "0"]


def _listen_to_ctrl_c() -> None:
    """Undo what a background job inherits: a shell has it ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _interrupt(process: "subprocess.Popen[bytes]") -> tuple[bytes, bytes]:
    assert process.stdout is not None
    first = process.stdout.read(20)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    return first + out, err


def test_an_interrupted_answer_is_kept(tmp_path: Path, rambling: Path) -> None:
    with subprocess.Popen(
        _command(rambling),
        cwd=tmp_path,
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=_listen_to_ctrl_c,  # noqa: PLW1509 - the tests run on one thread here
    ) as process:
        out, err = _interrupt(process)
    assert process.returncode == 130
    assert len(out) >= 20
    assert out.endswith(b"\n")
    assert err.endswith(b"interrupted\n")
    assert b"Traceback" not in err


def test_a_closed_pipe_ends_quietly(tmp_path: Path, rambling: Path) -> None:
    with subprocess.Popen(
        _command(rambling),
        cwd=tmp_path,
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(5)
        process.stdout.close()
        err = process.stderr.read()
        process.wait(timeout=20)
    assert process.returncode == 0
    assert err == b""


def test_no_socket_is_opened(tmp_path: Path) -> None:
    guard = tmp_path / "guard"
    guard.mkdir()
    (guard / "sitecustomize.py").write_text(
        "import sys\n"
        "def hook(event, args):\n"
        "    if event.startswith('socket.'):\n"
        "        raise RuntimeError(event)\n"
        "sys.addaudithook(hook)\n"
    )
    run = rt("prompt", "What is lmrt?", "--json", home=tmp_path, env={"PYTHONPATH": str(guard)})
    assert json.loads(run.stdout)["text"]
    run = rt("prompt", "hi", "-m", "a/b", home=tmp_path, env={"PYTHONPATH": str(guard)})
    assert run.returncode == 5
