"""Quantized weights run, also where the engine was built with instructions that crash."""

from pathlib import Path

import pytest

from lmrt import GenerationConfig, RuntimeClient, RuntimeConfig
from tests.support.tiny_models import TinyModel, write_gguf


@pytest.mark.parametrize("dtype", ["F16", "Q8_0"])
def test_an_answer_comes_from_every_precision(tmp_path: Path, dtype: str) -> None:
    tiny = TinyModel(hidden=256, feed_forward=512, heads=4, kv_heads=4, dtype=dtype)  # type: ignore[arg-type]
    config = RuntimeConfig(str(write_gguf(tiny, tmp_path / "model.gguf")))
    with RuntimeClient() as client:
        response = client.prompt(
            "the quick brown fox",
            runtime_config=config,
            generation_config=GenerationConfig(max_tokens=8, raw=True, temperature=0),
        )
    assert response.plan.artifact.quantization.name == dtype
    assert response.usage.completion_tokens == 8
