"""The planner's memory estimates against what llama.cpp itself would allocate."""

from pathlib import Path

import pytest

from lmrt.adapters.gguf import GgufReader
from lmrt.domain.config import KvType
from lmrt.domain.models import ArchitectureShape, FullAttention, SlidingAttention
from lmrt.domain.planning.compute import buffer_bytes
from lmrt.domain.planning.kv_cache import total_bytes
from lmrt.domain.planning.query import LayerKinds
from lmrt.domain.planning.settings import CacheSettings
from lmrt.domain.planning.weights import size_up
from tests.support.hollow_gguf import write_hollow
from tests.support.llama_dry_run import dry_run
from tests.support.worlds import MIB

LLAMA = ArchitectureShape((FullAttention(8, 128, 128),) * 4, 4096, 32, 14_336, 128_256)
WINDOW, WHOLE = SlidingAttention(4, 256, 256, 1024), FullAttention(4, 256, 256)
GEMMA = ArchitectureShape(((*(WINDOW,) * 5, WHOLE) * 2), 2560, 8, 10_240, 262_144)
# Qwen3 30B-A3B; its header gives 6144 for the feed-forward size, but each expert has 768.
QWEN_MOE = ArchitectureShape(
    (FullAttention(4, 128, 128),) * 4, 2048, 32, 6144, 151_936, experts=128, experts_used=8
)

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


@pytest.mark.parametrize(
    ("architecture", "shape", "expert"),
    [("llama", LLAMA, 0), ("gemma3", GEMMA, 0), ("qwen3moe", QWEN_MOE, 768)],
)
def test_caches_are_exact_and_buffers_just_large_enough(
    tmp_path: Path, architecture: str, shape: ArchitectureShape, expert: int
) -> None:
    path = tmp_path / "hollow.gguf"
    write_hollow(path, architecture, shape, expert)
    (described,) = GgufReader().read(path)
    assert described.shape.layers == shape.layers
    sizing = size_up(described.artifact, described.shape)
    kinds: LayerKinds = tuple(
        (layer, shape.layers.count(layer)) for layer in dict.fromkeys(shape.layers)
    )

    for settings, engine in zip(SETTINGS, dry_run(path, SETTINGS), strict=True):
        cache = total_bytes(kinds, settings) / MIB
        buffers = buffer_bytes(described.shape, kinds, sizing.feed_forward, settings) / MIB
        assert cache == pytest.approx(engine["kv_cache"], abs=0.01), settings
        assert 0.99 <= buffers / (engine["compute"] + engine["output"]) <= 1.17, settings
