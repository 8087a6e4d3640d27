"""No sequence changes what positions mean to another, and none changes what its own start means."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from lmrt.domain.errors import LoadFailed
from tests.integration.torch_backend.support import load
from tests.support.hf_models import write_family
from tests.support.sequences import admit, drain, request, run

TRAINED = 32
SHORT, LONG = [7, 21, 30, 9, 28], [(5 + 7 * place) % 31 for place in range(70)]
LONGROPE = {
    "rope_type": "longrope",
    "rope_theta": 10000.0,
    "short_factor": [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7],
    "long_factor": [2.0, 2.2, 2.4, 2.6, 2.8, 3.0, 3.2, 3.4],
    "original_max_position_embeddings": TRAINED,
}
DYNAMIC = {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 2.0}


@pytest.fixture
def longrope(tmp_path: Path) -> Path:
    changes: dict[str, Any] = {
        "rope_parameters": LONGROPE,
        "original_max_position_embeddings": TRAINED,
    }
    return write_family("phi3", tmp_path / "phi3", **changes)


@pytest.fixture
def dynamic(tmp_path: Path) -> Path:
    changes: dict[str, Any] = {"rope_parameters": DYNAMIC, "max_position_embeddings": 64}
    return write_family("llama", tmp_path / "llama", **changes)


def plain_logits(folder: Path, text: Sequence[int]) -> torch.Tensor:
    """Return what transformers gives for the token after a text, computed at once."""
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager")
    with torch.inference_mode():
        logits: torch.Tensor = model.eval()(torch.tensor([list(text)]), use_cache=False).logits
    return logits[0, -1]


def close(found: Sequence[float], expected: torch.Tensor) -> bool:
    difference = torch.tensor(found) - expected
    return bool(difference.abs().max() < 2e-5 * expected.abs().max())


def test_a_short_context_has_the_short_factors(longrope: Path) -> None:
    model = load(longrope, context_length=TRAINED)
    assert close(model.logits(SHORT), plain_logits(longrope, SHORT))
    model.close()


def test_a_long_context_has_the_long_factors_from_its_first_token_on(longrope: Path) -> None:
    model = load(longrope, context_length=256)
    assert close(model.logits(LONG), plain_logits(longrope, LONG))
    assert not close(model.logits(SHORT), plain_logits(longrope, SHORT))
    expected = run(model, request(SHORT, max_tokens=80)).tokens
    handles = admit(model, request(LONG)), admit(model, request(SHORT, max_tokens=80))
    assert drain(model, *handles)[handles[1]].tokens == expected
    model.close()


def test_a_context_within_the_trained_length_is_not_stretched(dynamic: Path) -> None:
    model = load(dynamic, context_length=64)
    assert close(model.logits(LONG[:60]), plain_logits(dynamic, LONG[:60]))
    model.close()


def test_a_context_that_would_be_stretched_is_refused(dynamic: Path) -> None:
    with pytest.raises(LoadFailed) as caught:
        load(dynamic, context_length=65)
    assert caught.value.code == "engine-load-failed"
    assert "beyond 64 tokens" in (caught.value.note or "")
