"""`rt` with a Hub: what is not here is planned from afar, downloaded once, and run without it."""

import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from tests.e2e.support import NO_HUB, RT, environment, rt
from tests.support.hub_faults import Delay
from tests.support.hub_server import HubServer
from tests.support.tiny_models import TinyModel, write_gguf, write_hf

GREEDY = ("--max-tokens", "4", "--temperature", "0", "--backend", "llama.cpp")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    """A Hub with a repository of several forms of one model, and two with a closed door."""
    folder = write_hf(TinyModel(vocabulary=2000), tmp_path / "served")
    write_gguf(TinyModel(vocabulary=2000), folder / "tiny-F32.gguf")
    write_gguf(TinyModel(vocabulary=2000, dtype="Q8_0"), folder / "tiny-Q8_0.gguf")
    with HubServer() as server:
        server.add("org/tiny", folder)
        server.add("org/gated", folder)
        server.repositories["org/gated"].gated = True
        server.tokens.add("known")
        yield server


def _rt(
    hub: HubServer, home: Path, *arguments: str, **env: str
) -> "subprocess.CompletedProcess[str]":
    return rt(*arguments, home=home, env={"HF_ENDPOINT": hub.url, **env})


def _files(home: Path) -> list[str]:
    """Return the names of the files in the cache's snapshots."""
    cache = home / ".cache" / "huggingface" / "hub"
    return sorted(path.name for path in cache.glob("models--*/snapshots/*/*"))


def test_a_prompt_downloads_one_artifact_and_runs_offline_afterwards(
    hub: HubServer, home: Path
) -> None:
    first = _rt(hub, home, "prompt", "-m", "org/tiny:Q8_0", *GREEDY, "hi")
    assert first.returncode == 0, first.stderr
    started, ended = (line for line in first.stderr.splitlines() if "download" in line)
    assert started.startswith("downloading ")
    assert started.endswith("from `org/tiny`")
    assert ended.startswith("downloaded ")
    assert ended.endswith(", verified")
    assert "tiny-Q8_0.gguf" in _files(home)
    assert not {"tiny-F32.gguf", "model.safetensors"} & set(_files(home))
    asked = len(hub.asked)
    again = _rt(hub, home, "prompt", "-m", "org/tiny:Q8_0", *GREEDY, "--offline", "hi")
    assert (again.returncode, again.stdout, again.stderr) == (0, first.stdout, "")
    assert len(hub.asked) == asked


def test_quiet_and_json_tell_nothing_of_the_download(hub: HubServer, home: Path) -> None:
    run = _rt(hub, home, "prompt", "-m", "org/tiny:Q8_0", *GREEDY, "--quiet", "hi")
    assert (run.returncode, run.stderr) == (0, "")
    run = _rt(hub, home, "prompt", "-m", "org/tiny:F32", *GREEDY, "--json", "hi")
    assert (run.returncode, run.stderr) == (0, "")
    assert json.loads(run.stdout)["kind"] == "response"


def test_the_plan_before_the_download_is_the_plan_after_it(hub: HubServer, home: Path) -> None:
    before = json.loads(_rt(hub, home, "plan", "org/tiny", "--json").stdout)
    assert _files(home) == []
    assert before["artifact"]["source"]["type"] == "hub"
    assert _rt(hub, home, "models", "pull", "org/tiny").returncode == 0
    after = json.loads(_rt(hub, home, "plan", "org/tiny", "--json").stdout)
    assert after["artifact"]["source"]["type"] == "local"
    for plan in (before, after):
        plan["artifact"].pop("source")
    assert after["artifact"] == before["artifact"]
    assert after["chosen"]["backend"] == before["chosen"]["backend"]
    assert after["chosen"]["settings"] == before["chosen"]["settings"]


def test_show_pull_and_path_agree(hub: HubServer, home: Path) -> None:
    shown = _rt(hub, home, "models", "show", "org/tiny")
    assert "  hub         found, org/tiny@" in shown.stdout
    assert "to download" in shown.stdout
    missing = _rt(hub, home, "models", "path", "org/tiny:Q8_0")
    assert (missing.returncode, missing.stdout) == (5, "")
    assert "hint: rt models pull org/tiny:Q8_0" in missing.stderr
    pulled = _rt(hub, home, "models", "pull", "org/tiny", "--variant", "q8_0")
    assert pulled.returncode == 0, pulled.stderr
    assert Path(pulled.stdout.strip()).name == "tiny-Q8_0.gguf"
    found = _rt(hub, home, "models", "path", "org/tiny:Q8_0")
    assert found.stdout == pulled.stdout
    document = json.loads(_rt(hub, home, "models", "show", "org/tiny", "--json").stdout)
    here = {one["id"]: one["here"] for one in document["model"]["artifacts"]}
    assert here == {"tiny-F32.gguf": False, "tiny-Q8_0.gguf": True, "SAFETENSORS": False}


def test_a_path_that_is_not_here_is_not_taken_for_a_repository_in_silence(
    hub: HubServer, home: Path
) -> None:
    run = _rt(hub, home, "prompt", "-m", "models/tiny", "hi")
    assert run.returncode == 3
    assert run.stderr.startswith("error[repository-not-found]: ")
    assert "so it was read as a Hub repository" in run.stderr
    asked = len(hub.asked)
    for reference in ("./org/tiny", "/org/tiny", "tiny/missing.gguf", "../org/tiny"):
        run = _rt(hub, home, "prompt", "-m", reference, "hi")
        assert (run.returncode, run.stdout) == (3, "")
        assert run.stderr.startswith("error[model-not-found]: ")
    assert len(hub.asked) == asked


@pytest.mark.parametrize(
    ("reference", "code", "status", "told"),
    [
        ("org/tiyn", "repository-not-found", 3, "org/tiyn"),
        ("org/tiny@none", "revision-not-found", 3, "`main`"),
        ("org/tiny:Q9_K", "variant-not-found", 3, "`Q8_0`"),
        ("org/tiny/none.gguf", "file-not-found", 3, "`tiny-Q8_0.gguf`"),
        ("org/gated", "not-logged-in", 5, "/org/gated"),
    ],
)
def test_each_wrong_name_has_its_own_error(
    hub: HubServer, home: Path, reference: str, code: str, status: int, told: str
) -> None:
    run = _rt(hub, home, "prompt", "-m", reference, "hi")
    assert (run.returncode, run.stdout) == (status, "")
    assert run.stderr.startswith(f"error[{code}]: ")
    assert told in run.stderr
    assert "Traceback" not in run.stderr
    document = json.loads(_rt(hub, home, "prompt", "-m", reference, "--json", "hi").stdout)
    assert (document["error"]["code"], document["exit_code"]) == (code, status)


def test_an_account_without_access_is_led_to_the_page(hub: HubServer, home: Path) -> None:
    run = _rt(hub, home, "models", "pull", "org/gated", HF_TOKEN="known")
    assert run.returncode == 5
    assert run.stderr.startswith("error[gated-repository]: ")
    assert f"{hub.url}/org/gated" in run.stderr
    hub.repositories["org/gated"].granted.add("known")
    run = _rt(hub, home, "models", "pull", "org/gated", HF_TOKEN="known")
    assert run.returncode == 0, run.stderr


def test_a_cached_repository_is_suggested(hub: HubServer, home: Path) -> None:
    assert _rt(hub, home, "models", "pull", "org/tiny:Q8_0").returncode == 0
    run = _rt(hub, home, "prompt", "-m", "org/tinny", "hi")
    assert "did you mean `org/tiny`?" in run.stderr


def test_offline_nothing_is_asked(hub: HubServer, home: Path) -> None:
    for env in ({}, {"HF_HUB_OFFLINE": "1"}):
        flags = () if env else ("--offline",)
        run = _rt(hub, home, "prompt", "-m", "org/tiny", *flags, "hi", **env)
        assert (run.returncode, run.stdout) == (5, "")
        assert run.stderr.startswith("error[not-downloaded]: ")
    assert hub.asked == []


def test_without_a_network_the_cache_is_used_with_a_notice(hub: HubServer, home: Path) -> None:
    nowhere = {"HF_ENDPOINT": NO_HUB}
    run = rt("prompt", "-m", "org/tiny:Q8_0", "hi", home=home, env=nowhere)
    assert run.returncode == 5
    assert run.stderr.startswith("error[hub-unreachable]: ")
    assert _rt(hub, home, "models", "pull", "org/tiny:Q8_0").returncode == 0
    run = rt("prompt", "-m", "org/tiny:Q8_0", *GREEDY, "hi", home=home, env=nowhere)
    assert run.returncode == 0, run.stderr
    assert "notice[cached-copy-used]: " in run.stderr


def test_an_alias_of_several_variants_leads_to_one_of_them(hub: HubServer, home: Path) -> None:
    config = home / "config.toml"
    config.write_text('[aliases]\nmine = ["org/tiny:F32", "org/tiny:Q8_0"]\n')
    run = _rt(hub, home, "models", "show", "mine", "--json", RT_CONFIG=str(config))
    assert run.returncode == 0, run.stderr
    names = [one["quantization"]["name"] for one in json.loads(run.stdout)["model"]["artifacts"]]
    assert "Q8_0" in names
    assert "F32" in names


def test_an_interrupted_pull_goes_on(hub: HubServer, home: Path) -> None:
    hub.bytes_per_second = 100_000
    process = subprocess.Popen(
        [RT, "models", "pull", "org/tiny:F32"],
        cwd=home,
        env=environment(home, HF_ENDPOINT=hub.url),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    blobs = home / ".cache" / "huggingface" / "hub" / "models--org--tiny" / "blobs"
    while not any(part.stat().st_size for part in blobs.glob("*.incomplete")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1].startswith("interrupted; what was downloaded is kept")
    assert "Traceback" not in err
    hub.bytes_per_second = None
    run = _rt(hub, home, "models", "pull", "org/tiny:F32")
    assert run.returncode == 0, run.stderr
    assert "are here already" in run.stderr
    assert _rt(hub, home, "models", "verify", "org/tiny:F32").returncode == 0


@pytest.mark.parametrize("arguments", [("plan", "org/tiny"), ("models", "show", "org/tiny")])
def test_a_question_to_the_hub_is_interrupted(
    hub: HubServer, home: Path, arguments: tuple[str, ...]
) -> None:
    hub.fault(Delay("/api/", seconds=30))
    for flags, said in (((), ("", "interrupted\n")), (("--json",), (None, ""))):
        hub.asked.clear()
        process = subprocess.Popen(
            [RT, *arguments, *flags],
            cwd=home,
            env=environment(home, HF_ENDPOINT=hub.url),
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        while not hub.asked:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (130, said[1])
        assert out == said[0] or json.loads(out)["error"]["code"] == "interrupted"


def test_a_terminal_is_shown_bars(hub: HubServer, home: Path) -> None:
    hub.bytes_per_second = 1_000_000
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [RT, "models", "pull", "org/tiny:F32"],
        cwd=home,
        env=environment(home, HF_ENDPOINT=hub.url, TERM="xterm", COLUMNS="120"),
        stderr=theirs,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.close(theirs)
    shown = _read_all(ours)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, shown
    assert out.endswith("tiny-F32.gguf\n")
    assert "tiny-F32.gguf" in shown
    assert "total" in shown
    assert "/s" in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


def _read_all(terminal: int) -> str:
    """Return what is written on a terminal until its other end is closed."""
    read = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # how Linux tells the end
            piece = b""
        if not piece:
            os.close(terminal)
            return read.decode()
        read += piece


def test_a_parity_check_tells_what_it_downloads(hub: HubServer, home: Path) -> None:
    options = ("--backends", "llama.cpp,torch", "--max-tokens", "2")
    run = _rt(hub, home, "parity", "org/tiny", *options)
    assert run.returncode == 0, run.stderr
    downloads = [line for line in run.stderr.splitlines() if line.startswith("downloading ")]
    assert len(downloads) == 2
    again = _rt(hub, home, "parity", "org/tiny", *options, "--offline")
    assert again.returncode == 0, again.stderr
    assert "downloading" not in again.stderr


def test_the_wait_for_another_process_is_said(hub: HubServer, home: Path) -> None:
    locks = home / ".cache" / "huggingface" / "hub" / ".locks" / "models--org--tiny"
    locks.mkdir(parents=True)
    with FileLock(locks / "lmrt.lock") as other:
        process = subprocess.Popen(
            [RT, "models", "pull", "org/tiny", "--variant", "Q8_0"],
            cwd=home,
            env=environment(home, HF_ENDPOINT=hub.url),
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        waiting = process.stderr.readline()
        assert waiting == "another process downloads from `org/tiny`; waiting for it\n"
        assert _files(home) == []
        other.release()
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out.endswith("tiny-Q8_0.gguf\n")
