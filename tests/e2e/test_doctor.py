"""`rt doctor` as a user runs it, with engines that do to their process what broken ones do."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.support import RT, environment, rt

ENGINES = {
    "llama_cpp": ("llama-cpp-python", "0.3.36", "lib/libllama.so"),
    "mlx_lm": ("mlx-lm", "0.32.2", ""),
    "torch": ("torch", "2.13.0", "lib/libtorch_cpu.so"),
}
KILL = "import os, signal; os.kill(os.getpid(), "
CRASHES = {
    "SIGILL": (f"{KILL}signal.SIGILL)", "wheel-for-another-processor"),
    "SIGSEGV": (f"{KILL}signal.SIGSEGV)", "engine-crashed"),
    "silence": ("import os; print('{}', flush=True); os._exit(0)", "engine-broken"),
    "error": ("raise ImportError('libcudart.so.13: cannot open')", "engine-broken"),
}


def engine(folder: Path, package: str, code: str, version: str | None = None) -> None:
    """Put a package in a folder that is looked through before the installed one."""
    name, usual, library = ENGINES[package]
    place = folder / package
    (place / "lib").mkdir(parents=True)
    (place / "__init__.py").write_text(code)
    if library:
        (place / library).write_bytes(b"no real library")
    told = folder / f"{name.replace('-', '_')}-{version or usual}.dist-info"
    told.mkdir()
    (told / "METADATA").write_text(f"Name: {name}\nVersion: {version or usual}\n")


@pytest.fixture
def fakes(tmp_path: Path) -> Path:
    """Return such a folder, with MLX and torch of versions that are not tried."""
    folder = tmp_path / "fakes"
    engine(folder, "mlx_lm", "", version="0.1.0")
    engine(folder, "torch", "", version="1.0.0")
    return folder


def without(folder: Path, package: str) -> None:
    name = ENGINES[package][0].replace("-", "_")
    for path in (folder / package, *folder.glob(f"{name}-*")):
        for file in sorted(path.rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
        path.rmdir()


def findings(done: "subprocess.CompletedProcess[str]") -> dict[str, str | None]:
    document = json.loads(done.stdout)
    assert document["kind"] == "diagnosis"
    return {each["code"]: each["command"] for each in document["remedies"]}


@pytest.mark.parametrize("crash", CRASHES)
def test_an_engine_that_takes_its_process_down_is_a_finding(
    tmp_path: Path, fakes: Path, crash: str
) -> None:
    code, expected = CRASHES[crash]
    engine(fakes, "llama_cpp", code)
    done = rt("doctor", "--json", home=tmp_path, env={"PYTHONPATH": str(fakes)})
    found = findings(done)
    assert "llama-cpp-python" in (found[expected] or "")
    assert "engine-version-unsupported" in found
    assert done.returncode == 4
    assert done.stderr == ""


def test_the_other_backends_still_run(tmp_path: Path, fakes: Path) -> None:
    without(fakes, "torch")
    engine(fakes, "torch", CRASHES["SIGSEGV"][0])
    done = rt("doctor", home=tmp_path, env={"PYTHONPATH": str(fakes)}, timeout=200)
    assert done.returncode == 0, done.stderr
    assert "finding[engine-crashed]" in done.stdout
    assert done.stdout.endswith("works: llama.cpp\n")
    assert "0 of 4 layers on a GPU" in done.stdout or "4 of 4 layers" in done.stdout


def test_an_engine_that_hangs_is_given_up(tmp_path: Path, fakes: Path) -> None:
    engine(fakes, "llama_cpp", "import time; time.sleep(600)")
    done = rt(
        "doctor", "--timeout", "2", home=tmp_path, env={"PYTHONPATH": str(fakes)}, timeout=200
    )
    assert "finding[engine-hangs]" in done.stdout
    assert "within 2 seconds" in done.stdout
    assert done.returncode == 4


def test_what_an_engine_prints_spoils_nothing(tmp_path: Path, fakes: Path) -> None:
    real = "import os, sys; print('banner', flush=True); os.write(1, b'{' * 200000)\n"
    folder = tmp_path / "site"
    folder.mkdir()
    only = "import sys\nif any('doctor_child' in word for word in sys.orig_argv):\n    "
    (folder / "sitecustomize.py").write_text(only + real)
    path = os.pathsep.join((str(folder), str(fakes)))
    done = rt("doctor", "--json", home=tmp_path, env={"PYTHONPATH": path}, timeout=200)
    document = json.loads(done.stdout)
    assert document["works"] is True
    assert done.returncode == 0


def test_the_text_fits_a_terminal_and_has_no_colour(tmp_path: Path, fakes: Path) -> None:
    engine(fakes, "llama_cpp", CRASHES["SIGILL"][0])
    hub = tmp_path / "hub"
    hub.write_text("a file")
    done = rt(
        "doctor",
        home=tmp_path,
        env={
            "PYTHONPATH": str(fakes),
            "RT_DEBUG": "1",
            "HF_HUB_OFFLINE": "1",
            "HF_HUB_CACHE": str(hub),
            "HF_TOKEN": '"hf_abcdefghijklmnop"',
            "RT_MODELS_DIR": str(tmp_path / "gone"),
        },
    )
    for code in (
        "wheel-for-another-processor",
        "debug-on",
        "hub-offline",
        "unwritable-cache",
        "token-malformed",
        "models-dir-missing",
    ):
        assert f"finding[{code}]" in done.stdout
    assert "\x1b" not in done.stdout
    assert "hf_abcdefghijklmnop" not in done.stdout + done.stderr
    for line in done.stdout.splitlines():
        words = line.split()
        assert len(line) <= 80 or line.startswith("  fix") or len(words) <= 2, line


def test_a_broken_configuration_file_is_a_finding_and_not_the_end(
    tmp_path: Path, fakes: Path
) -> None:
    engine(fakes, "llama_cpp", CRASHES["SIGILL"][0])
    config = tmp_path / "config.toml"
    config.write_text("modle = 'x'\n")
    env = {"PYTHONPATH": str(fakes), "RT_CONFIG": str(config)}
    done = rt("doctor", home=tmp_path, env=env)
    assert "finding[invalid-config-file]" in done.stdout
    assert "did you mean" in done.stdout


def test_the_report_is_a_block_without_the_user_in_it(tmp_path: Path, fakes: Path) -> None:
    engine(fakes, "llama_cpp", CRASHES["SIGILL"][0])
    home = tmp_path / "people" / "alice.liddell"
    home.mkdir(parents=True)
    error = home / "error.txt"
    error.write_text(f"error[x]: {home}/m.gguf at 10.1.2.3 for alice.liddell, hf_abcdefghijklmn\n")
    env = {"PYTHONPATH": str(fakes), "USER": "alice.liddell", "API_KEY": "very-secret"}
    done = rt("doctor", "--report", "--error", str(error), home=home, env=env)
    assert done.returncode == 4
    assert done.stdout.startswith("```text\n")
    assert done.stdout.endswith("\n```\n")
    assert "error[x]: ~/m.gguf at <address> for <user>, <token>" in done.stdout
    assert "## plan of the bundled model" in done.stdout
    for secret in ("alice", "very-secret", str(tmp_path / "people"), "hf_abc"):
        assert secret not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--report", "--json"), "invalid-option"),
        (("--error", "x"), "invalid-option"),
        (("--report", "--error", "gone.txt"), "unreadable-input"),
        (("--timeout", "0"), "invalid-option"),
    ],
)
def test_options_that_do_not_go_together(
    tmp_path: Path, arguments: tuple[str, ...], code: str
) -> None:
    done = rt("doctor", *arguments, home=tmp_path)
    assert done.returncode == 2
    assert code in done.stdout + done.stderr


def test_an_interruption_ends_the_children_too(tmp_path: Path, fakes: Path) -> None:
    pid = tmp_path / "pid"
    code = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    engine(fakes, "llama_cpp", code)
    env = environment(tmp_path, PYTHONPATH=str(fakes))
    doctor = subprocess.Popen([RT, "doctor"], cwd=tmp_path, env=env, stderr=subprocess.PIPE)
    while not pid.exists() or not pid.read_text():
        time.sleep(0.05)
    doctor.send_signal(signal.SIGINT)
    _, said = doctor.communicate(timeout=60)
    assert (doctor.returncode, said) == (130, b"interrupted\n")
    stat = Path(f"/proc/{pid.read_text()}/stat")
    for _ in range(200):
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.05)
    raise AssertionError("the engine's process is still there")
