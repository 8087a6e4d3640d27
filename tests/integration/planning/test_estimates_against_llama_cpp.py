"""The planner's memory estimates against what llama.cpp itself would allocate."""

from collections import Counter
from pathlib import Path

import pytest
from attrs import evolve

from lmrt.adapters.gguf import GgufReader
from lmrt.domain.config import KvType
from lmrt.domain.planning.compute import buffer_bytes
from lmrt.domain.planning.kv_cache import total_bytes
from lmrt.domain.planning.settings import CacheSettings
from lmrt.domain.planning.weights import size_up
from tests.support.blueprints import BLUEPRINTS
from tests.support.llama_dry_run import dry_runs
from tests.support.worlds import MIB

SETTINGS = [
    CacheSettings(context, kv_type, flash, batch, sequences, 256)
    for context, kv_type, flash, batch, sequences in (
        (4096, KvType.F16, True, 512, 4),
        (16_384, KvType.F16, True, 2048, 4),
        (131_072, KvType.F16, True, 512, 1),
        (16_384, KvType.F16, False, 512, 4),
        (4096, KvType.F32, False, 512, 4),
        (8192, KvType.Q8_0, True, 512, 4),
        (8192, KvType.Q4_0, True, 512, 4),
    )
]

# Enough for every kind of layer of each. Gemma 3n and 4 carry an input for each of their
# layers; by its 27 the engine knows that DeepSeek-V2-Lite does not compress its queries.
LAYERS = {"gemma3n": 35, "gemma4": 30, "gemma3": 6, "deepseek2": 27}
FEW = 8

# Without fused attention the engine keeps values as wide as in the widest layer.
WIDEST = {"gemma4": 4 * 512}

Answers = dict[str, tuple[Path, list[dict[str, float]]]]


@pytest.fixture(scope="module")
def engine_says(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    folder = tmp_path_factory.mktemp("blueprints")
    paths = [
        made(layers=LAYERS.get(name, FEW)).write(folder / f"{name}.gguf")
        for name, made in BLUEPRINTS.items()
    ]
    answers = dry_runs(paths, SETTINGS)
    return dict(zip(BLUEPRINTS, zip(paths, answers, strict=True), strict=True))


@pytest.mark.parametrize("name", BLUEPRINTS)
def test_weights_and_caches_are_exact_and_buffers_nearly(engine_says: Answers, name: str) -> None:
    path, answers = engine_says[name]
    (described,) = GgufReader().read(path)
    sizing = size_up(described.artifact, described.shape)
    kinds = tuple(Counter(described.shape.layers).items())

    for asked, engine in zip(SETTINGS, answers, strict=True):
        settings = evolve(asked, value_width=0 if asked.flash_attention else WIDEST.get(name, 0))
        cache = total_bytes(kinds, settings) / MIB
        buffers = buffer_bytes(described.shape, kinds, sizing.feed_forward, settings) / MIB
        assert sizing.total / MIB == pytest.approx(engine["weights"], abs=0.01)
        # The engine's log rounds each of up to three caches to a hundredth.
        assert cache == pytest.approx(engine["kv_cache"] + engine["recurrent"], abs=0.015)
        assert 0.95 <= buffers / (engine["compute"] + engine["output"]) <= 1.12, settings
