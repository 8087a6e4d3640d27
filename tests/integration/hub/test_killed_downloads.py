"""A download that is killed at any moment goes on the next time, and ends with verified files."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.downloads import artifacts_on_hub, check_cached
from tests.support.hub_server import HubServer
from tests.support.tiny_models import TinyModel, write_hf

FILES = [
    "chat_template.jinja", "config.json", "generation_config.json", "model.safetensors",
    "tokenizer.json", "tokenizer_config.json",
]  # fmt: skip

CHILD = """
import sys
from pathlib import Path
from lmrt.adapters.filesystem import LocalMaterializer
from lmrt.adapters.huggingface import HubClient, HubMaterializer
from tests.support.downloads import artifacts_on_hub
url, served, commit, cache = sys.argv[1:]
artifact = artifacts_on_hub(Path(served), "org/name", commit)["SAFETENSORS"]
materializer = HubMaterializer(HubClient(url), LocalMaterializer(), Path(cache))
print("begun", flush=True)
materializer.materialize(artifact)
print("done", flush=True)
"""


def start(hub: HubServer, served: Path, commit: str, cache: Path) -> "subprocess.Popen[str]":
    """Start a download in a process of its own, and return once it is about to begin."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, hub.url, str(served), commit, str(cache)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "begun\n"
    return child


@pytest.fixture
def served(tmp_path: Path) -> Path:
    return write_hf(TinyModel(vocabulary=2000), tmp_path / "served")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_killed_download_ends_verified(
    hub: HubServer, served: Path, tmp_path: Path, seed: int
) -> None:
    kills(hub, served, tmp_path, random.Random(seed), 1)


@pytest.mark.soak
def test_many_killed_downloads_end_verified(hub: HubServer, served: Path, tmp_path: Path) -> None:
    kills(hub, served, tmp_path, random.Random(4), 60)


def kills(hub: HubServer, served: Path, folder: Path, dice: random.Random, count: int) -> None:
    """Kill downloads at random moments; each one that ends makes the next begin from nothing."""
    commit = hub.add("org/name", served)
    assert artifacts_on_hub(served, "org/name", commit)
    hub.bytes_per_second = sum((served / name).stat().st_size for name in FILES) / 1.0
    killed = rounds = resumed = 0
    while killed < count:
        rounds += 1
        cache = folder / f"cache-{rounds}"
        while True:
            child = start(hub, served, commit, cache)
            resumed += any(True for _ in cache.glob("*/blobs/*.incomplete"))
            if killed < count:
                time.sleep(dice.uniform(0.0, 1.1))
                child.send_signal(signal.SIGKILL)
            ended = child.wait() == 0
            assert child.stdout is not None
            child.stdout.close()
            killed += not ended
            if ended:
                break
        check_cached(cache, served, FILES)
    if count > 10:
        assert resumed > 0


def test_two_processes_fetch_each_file_once(hub: HubServer, served: Path, tmp_path: Path) -> None:
    commit = hub.add("org/name", served)
    hub.bytes_per_second = 2_000_000
    children = [start(hub, served, commit, tmp_path / "cache") for _ in range(2)]
    for child in children:
        assert child.wait() == 0
        assert child.stdout is not None
        child.stdout.close()
    check_cached(tmp_path / "cache", served, FILES)
    for name in FILES:
        assert len(hub.requests(f"/resolve/{commit}/{name}")) == 1


def test_ctrl_c_leaves_what_has_come(hub: HubServer, served: Path, tmp_path: Path) -> None:
    commit = hub.add("org/name", served)
    cache = tmp_path / "cache"
    hub.bytes_per_second = 100_000
    child = start(hub, served, commit, cache)
    parts: list[Path] = []
    while not (parts and parts[0].stat().st_size):
        parts = [part for part in cache.glob("*/blobs/*.incomplete") if len(part.stem) == 64]
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    assert child.wait() != 0
    assert child.stdout is not None
    child.stdout.close()
    kept = [part for part in cache.glob("*/blobs/*.incomplete") if part.stat().st_size]
    assert parts[0] in kept
    hub.bytes_per_second = None
    again = start(hub, served, commit, cache)
    assert again.wait() == 0
    assert again.stdout is not None
    again.stdout.close()
    check_cached(cache, served, FILES)
    ranged = {asked.path.split("/")[2] for asked in hub.requests("/cdn/") if asked.range}
    assert ranged == {part.stem for part in kept if len(part.stem) == 64}
