"""A download that is killed at any moment goes on the next time, and ends with verified files."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from attrs import frozen

from tests.support.downloads import check_cached
from tests.support.hub_faults import Delay
from tests.support.hub_server import HubServer
from tests.support.tiny_models import TinyModel, write_gguf, write_hf

FILES = [
    "chat_template.jinja", "config.json", "generation_config.json", "model.safetensors",
    "tokenizer.json", "tokenizer_config.json",
]  # fmt: skip

CHILD = """
import sys
from pathlib import Path
from lmrt.adapters.filesystem import LocalMaterializer
from lmrt.adapters.huggingface import HubClient, HubMaterializer, HubPolicy
from tests.support.downloads import artifacts_on_hub
url, served, commit, cache, name, part = sys.argv[1:]
artifact = artifacts_on_hub(Path(served), "org/name", commit)[name]
client = HubClient(url, HubPolicy(part=int(part)))
client.listing("org/name", commit)
materializer = HubMaterializer(client, LocalMaterializer(), Path(cache))
print("begun", flush=True)
materializer.materialize(artifact)
print("done", flush=True)
"""


@frozen
class Wanted:
    """What is downloaded.

    Attributes:
        artifact: Its id.
        files: The names of its files.
        part: Bytes that are asked for at once where a file comes over several connections.
    """

    artifact: str
    files: list[str]
    part: int = 2**22


DIRECTORY = Wanted("SAFETENSORS", FILES)
ONE_FILE = Wanted("tiny.gguf", ["tiny.gguf"], part=15_000)


def start(
    hub: HubServer,
    served: Path,
    commit: str,
    cache: Path,
    what: Wanted = DIRECTORY,
    timeout: int = 10,
) -> "subprocess.Popen[str]":
    """Start a download in a process of its own, and return once it is about to begin."""
    told = (hub.url, str(served), commit, str(cache), what.artifact, str(what.part))
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, *told],
        env={**os.environ, "HF_HUB_DOWNLOAD_TIMEOUT": str(timeout)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "begun\n"
    return child


@pytest.fixture
def served(tmp_path: Path) -> Path:
    folder = write_hf(TinyModel(vocabulary=2000), tmp_path / "served")
    write_gguf(TinyModel(vocabulary=2000), folder / "tiny.gguf")
    return folder


@pytest.mark.parametrize("what", [DIRECTORY, ONE_FILE], ids=["directory", "several-connections"])
def test_killed_downloads_end_verified(
    hub: HubServer, served: Path, tmp_path: Path, what: Wanted
) -> None:
    kills(hub, served, tmp_path, random.Random(1), 3, what)


@pytest.mark.soak
@pytest.mark.parametrize("what", [DIRECTORY, ONE_FILE], ids=["directory", "several-connections"])
def test_many_killed_downloads_end_verified(
    hub: HubServer, served: Path, tmp_path: Path, what: Wanted
) -> None:
    kills(hub, served, tmp_path, random.Random(4), 60, what)


def kills(
    hub: HubServer, served: Path, folder: Path, dice: random.Random, count: int, what: Wanted
) -> None:
    """Kill downloads after random numbers of bytes; what has ended is begun in a new cache."""
    commit = hub.add("org/name", served)
    total = sum((served / name).stat().st_size for name in what.files)
    hub.bytes_per_second = total * 2
    killed = resumed = rounds = 0
    while killed < count:
        rounds += 1
        cache = folder / f"cache-{rounds}"
        while killed < count:
            here = in_cache(cache)
            resumed += here > 0
            child = start(hub, served, commit, cache, what)
            enough = dice.uniform(here, 1.3 * total)
            while child.poll() is None and in_cache(cache) < enough:
                time.sleep(0.001)
            child.send_signal(signal.SIGKILL)
            if finished(child):
                break
            killed += 1
        else:
            assert finished(start(hub, served, commit, cache, what))
        check_cached(cache, served, what.files)
    assert resumed >= count // 4


def in_cache(cache: Path) -> int:
    """Return the bytes that are in the cache, whole files and parts of others."""
    sizes = 0
    for file in cache.glob("*/blobs/*"):
        try:
            sizes += file.stat().st_size
        except FileNotFoundError:  # it has got its name since it was seen
            continue
    return sizes


def finished(child: "subprocess.Popen[str]") -> bool:
    """Wait for a process to end, and return whether it ended by itself and well."""
    assert child.stdout is not None
    with child.stdout:
        return child.wait() == 0


def test_two_processes_fetch_each_file_once(hub: HubServer, served: Path, tmp_path: Path) -> None:
    commit = hub.add("org/name", served)
    hub.bytes_per_second = 2_000_000
    children = [start(hub, served, commit, tmp_path / "cache") for _ in range(2)]
    assert [finished(child) for child in children] == [True, True]
    check_cached(tmp_path / "cache", served, FILES)
    for name in FILES:
        assert len(hub.requests(f"/resolve/{commit}/{name}")) == 1


def test_ctrl_c_leaves_what_has_come(hub: HubServer, served: Path, tmp_path: Path) -> None:
    commit = hub.add("org/name", served)
    cache = tmp_path / "cache"
    hub.bytes_per_second = 20_000
    child = start(hub, served, commit, cache)
    parts: list[Path] = []
    while not (parts and parts[0].stat().st_size):
        parts = [part for part in cache.glob("*/blobs/*.incomplete") if len(part.stem) == 64]
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    assert not finished(child)
    kept = [part for part in cache.glob("*/blobs/*.incomplete") if part.stat().st_size]
    assert parts[0] in kept
    hub.bytes_per_second = None
    assert finished(start(hub, served, commit, cache))
    check_cached(cache, served, FILES)
    ranged = {asked.path.split("/")[2] for asked in hub.requests("/cdn/") if asked.range}
    assert ranged == {part.stem for part in kept if len(part.stem) == 64}


def test_ctrl_c_does_not_wait_for_a_server_that_stalls(
    hub: HubServer, served: Path, tmp_path: Path
) -> None:
    commit = hub.add("org/name", served)
    stall = hub.fault(Delay("/cdn/", seconds=600))
    child = start(hub, served, commit, tmp_path / "cache", timeout=600)
    while not stall.hit:
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    child.wait(timeout=120)
    assert not finished(child)
