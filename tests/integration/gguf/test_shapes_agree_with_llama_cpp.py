"""The caches that follow from a shape are those that llama.cpp says it would allocate."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lmrt.adapters.gguf import GgufReader
from lmrt.domain.models import (
    AttentionBesideState,
    FullAttention,
    LatentAttention,
    LayerShape,
    RecurrentState,
    SlidingAttention,
)
from tests.support.architectures import ARCHITECTURES, SEQUENCES, write_architecture

CONTEXT = 32768
SIZE = re.compile(r"(?P<name>\w+): size = +(?P<mib>[\d.]+) MiB \( *\d+ cells, +(?P<layers>\d+)")


@pytest.fixture(scope="module")
def engine_says(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    folder = tmp_path_factory.mktemp("architectures")
    files = [write_architecture(name, folder / f"{name}.gguf") for name in ARCHITECTURES]
    command = [sys.executable, "-m", "tests.support.kv_cache_lines", str(CONTEXT)]
    done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    said: dict[str, list[str]] = json.loads(done.stdout)
    return said


def elements_a_token(shape: LayerShape) -> int:
    match shape:
        case FullAttention(heads, key, value) | SlidingAttention(heads, key, value, _):
            return heads * (key + value)
        case LatentAttention(rank, rope):
            return rank + rope
        case RecurrentState():
            return 0
        case AttentionBesideState(attention, _):
            return elements_a_token(attention)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_caches_have_the_engine_s_sizes(
    engine_says: dict[str, list[str]], architecture: str
) -> None:
    path, lines = next(item for item in engine_says.items() if f"/{architecture}." in item[0])
    found = [match for line in lines if (match := SIZE.search(line))]
    layers = GgufReader().read(Path(path))[0].shape.layers
    groups: list[list[LayerShape]] = [
        [layer for layer in layers if isinstance(layer, FullAttention | LatentAttention)],
        [layer for layer in layers if isinstance(layer, SlidingAttention)],
    ]
    expected = [
        (len(group), 4 * CONTEXT * sum(map(elements_a_token, group))) for group in groups if group
    ]
    caches = [match for match in found if match["name"] == "llama_kv_cache"]
    assert [(int(m["layers"]), float(m["mib"]) * 2**20) for m in caches] == expected

    states = [layer.elements for layer in layers if isinstance(layer, RecurrentState)]
    recurrent = [float(m["mib"]) for m in found if m["name"] == "llama_memory_recurrent"]
    assert bool(recurrent) == bool(states)
    for mib in recurrent:
        assert mib == pytest.approx(4 * SEQUENCES * sum(states) / 2**20, abs=0.005)
