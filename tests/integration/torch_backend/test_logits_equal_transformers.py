"""Pieces of several texts in one forward pass give the logits of each text alone.

The other side is transformers' own: its eager attention, the whole text at once, no cache.
"""

from typing import Any

import pytest
import torch

from lmrt.adapters.torch.architectures import TESTED_VERSION, TEXT_ARCHITECTURES
from tests.integration.torch_backend.mixing import TEXTS, mixed_logits, plain_logits
from tests.integration.torch_backend.tiny import tiny_model

CLOSE = 2e-5
"""Share of the largest logit that rounding in float32 may change."""


def installed() -> tuple[int, ...]:
    import transformers

    return tuple(int(part) for part in transformers.__version__.split(".")[:2])


def assert_alike(model: Any) -> None:
    expected = [plain_logits(model, text) for text in TEXTS]
    for apart in (True, False):
        for logits, plain in zip(mixed_logits(model, apart=apart), expected, strict=True):
            assert (logits - plain).abs().max() < CLOSE * plain.abs().max()


@pytest.mark.skipif(installed() != TESTED_VERSION, reason="the list is that of another version")
@pytest.mark.parametrize("model_type", sorted(TEXT_ARCHITECTURES))
def test_every_model_type_on_the_list(model_type: str) -> None:
    assert_alike(tiny_model(model_type))


@pytest.mark.parametrize(
    "rope",
    [
        {"rope_type": "linear", "rope_theta": 1e4, "factor": 4.0},
        {
            "rope_type": "yarn",
            "rope_theta": 1e4,
            "factor": 2.0,
            "original_max_position_embeddings": 64,
        },
        {
            "rope_type": "llama3",
            "rope_theta": 5e5,
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 64,
        },
    ],
    ids=lambda rope: rope["rope_type"],
)
def test_rotary_embeddings(rope: dict[str, Any]) -> None:
    assert_alike(tiny_model("llama", rope_parameters=rope))


@pytest.mark.parametrize(("heads", "key_heads"), [(4, 4), (4, 1), (6, 2)])
@pytest.mark.parametrize("model_type", ["llama", "gemma2", "gpt_oss"])
def test_heads_that_share_keys(model_type: str, heads: int, key_heads: int) -> None:
    shape = {"num_attention_heads": heads, "num_key_value_heads": key_heads}
    assert_alike(tiny_model(model_type, hidden_size=16 * heads, **shape))


def test_what_is_compared_tells_texts_apart() -> None:
    model = tiny_model("llama")
    expected = plain_logits(model, TEXTS[0])
    other = plain_logits(model, [*TEXTS[0][:20], 96, *TEXTS[0][21:]])
    assert (expected - other).abs()[20:].max() > 100 * CLOSE * expected.abs().max()
    assert torch.equal(expected[:20], other[:20])
