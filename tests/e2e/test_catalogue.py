"""A name of the shipped catalogue runs, from a Hub on this machine and then without it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from lmrt.adapters.catalogue import read_catalogue
from lmrt.domain.models import ArtifactFormat
from tests.e2e.support import rt
from tests.support.hub_server import HubServer
from tests.support.variants import GGUF, MLX, TORCH, write_variants

NAME = "llama3.2:1b"
FOLDERS = {
    ArtifactFormat.GGUF: GGUF,
    ArtifactFormat.MLX: MLX,
    ArtifactFormat.SAFETENSORS: TORCH,
}
ASK = ("prompt", "-m", NAME, "--backend", "llama.cpp", "--max-tokens", "3", "--temperature", "0")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    folders = write_variants(tmp_path_factory.mktemp("variants"))
    entry = read_catalogue().find(NAME)
    assert entry is not None
    assert entry.gated
    with HubServer() as server:
        for variant in entry.variants:
            name = variant.repository.repository
            server.add(name, folders[FOLDERS[variant.format]])
            server.repositories[name].gated = variant.format is ArtifactFormat.SAFETENSORS
        yield server


@pytest.fixture
def env(hub: HubServer) -> Mapping[str, str]:
    return {"HF_ENDPOINT": hub.url}


def test_a_name_is_shown_downloaded_and_run_again_offline(
    tmp_path: Path, hub: HubServer, env: Mapping[str, str]
) -> None:
    shown = rt("models", "show", NAME, "--json", home=tmp_path, env=env)
    assert shown.returncode == 0, shown.stderr
    document = json.loads(shown.stdout)
    formats = {one["format"] for one in document["model"]["artifacts"]}
    assert formats == {"GGUF", "MLX"}
    assert [notice["code"] for notice in document["notices"]] == ["variant-left-out"]

    first = rt(*ASK, "--json", "hello", home=tmp_path, env=env)
    assert first.returncode == 0, first.stderr
    answer = json.loads(first.stdout)
    assert answer["plan"]["artifact"].startswith("bartowski/Llama-3.2-1B-Instruct-GGUF/Tiny-")

    asked = len(hub.asked)
    again = rt(*ASK, "--offline", "--json", "hello", home=tmp_path, env=env)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["text"] == answer["text"]
    assert len(hub.asked) == asked


def test_what_is_gated_is_named_where_only_it_could_run(
    tmp_path: Path, env: Mapping[str, str]
) -> None:
    refused = rt("plan", NAME, "--backend", "torch", home=tmp_path, env=env)
    assert refused.returncode == 4, refused.stderr
    assert "`meta-llama/Llama-3.2-1B-Instruct` is gated" in refused.stderr


def test_offline_with_nothing_here_says_what_to_pull(
    tmp_path: Path, env: Mapping[str, str]
) -> None:
    refused = rt("prompt", "-m", NAME, "--offline", "hello", home=tmp_path, env=env)
    assert refused.returncode == 5
    assert "error[not-downloaded]" in refused.stderr
    assert f"`rt models pull {NAME}`" in refused.stderr


def test_a_size_that_is_not_there_is_told_with_those_that_are(
    tmp_path: Path, env: Mapping[str, str]
) -> None:
    refused = rt("plan", "llama3.2:2b", home=tmp_path, env=env)
    assert refused.returncode == 3
    assert "there is `llama3.2` in 1b, 3b" in refused.stderr


def test_an_alias_of_ones_own_may_list_a_name_and_a_file(
    tmp_path: Path, env: Mapping[str, str]
) -> None:
    config = tmp_path / ".config" / "lmrt" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'[aliases]\nmine = ["{NAME}", "./missing.gguf"]\n', "utf-8")
    shown = rt("models", "show", "mine", "--json", home=tmp_path, env=env)
    assert shown.returncode == 0, shown.stderr
    document = json.loads(shown.stdout)
    assert {one["format"] for one in document["model"]["artifacts"]} == {"GGUF", "MLX"}
    assert len(document["notices"]) == 2


def test_pulling_everything_says_what_was_left_out(tmp_path: Path, env: Mapping[str, str]) -> None:
    pulled = rt("models", "pull", NAME, "--all", home=tmp_path, env=env)
    assert pulled.returncode == 0, pulled.stderr
    assert len(pulled.stdout.splitlines()) == 4
    assert "notice[variant-left-out]" in pulled.stderr
