"""Ctrl-C, closed pipes and a missing network."""

import json
import os
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


@pytest.mark.parametrize(
    "arguments",
    [("plan", "guide"), ("models", "show", "guide"), ("models", "catalogue")],
)
def test_a_table_into_a_closed_pipe_ends_quietly(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    run = subprocess.run(
        [RT, *arguments],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(writer)
    assert "Traceback" not in run.stderr.decode()
    assert run.returncode == 0


@pytest.fixture
def guarded(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which a Python process that touches a socket fails."""
    guard = tmp_path / "guard"
    guard.mkdir()
    (guard / "sitecustomize.py").write_text(
        "import sys\n"
        "def hook(event, args):\n"
        "    if event.startswith('socket.'):\n"
        "        raise RuntimeError(event)\n"
        "sys.addaudithook(hook)\n"
    )
    return {"PYTHONPATH": str(guard)}


def test_no_socket_is_opened_for_what_is_here(tmp_path: Path, guarded: dict[str, str]) -> None:
    run = rt("prompt", "What is lmrt?", "--json", home=tmp_path, env=guarded)
    assert json.loads(run.stdout)["text"]
    for command in ("list", "catalogue"):
        assert rt("models", command, home=tmp_path, env=guarded).returncode == 0


@pytest.mark.parametrize("model", ["a/b", "a/b@main", "a/b:Q8_0", "a/b/c.gguf", "qwen3:4b"])
def test_no_socket_is_opened_offline(tmp_path: Path, guarded: dict[str, str], model: str) -> None:
    run = rt("prompt", "hi", "--offline", "-m", model, home=tmp_path, env=guarded)
    assert run.returncode == 5, run.stderr
    assert run.stderr.startswith("error[not-downloaded]: ")


@pytest.mark.parametrize("command", [("plan",), ("parity",), ("models", "pull")])
def test_every_command_can_be_offline(
    tmp_path: Path, guarded: dict[str, str], command: tuple[str, ...]
) -> None:
    env = {**guarded, "RT_CONFIG": str(tmp_path / "config.toml")}
    (tmp_path / "config.toml").write_text("offline = true\n")
    run = rt(*command, "a/b", home=tmp_path, env=env)
    assert run.returncode == 5, run.stderr
