"""mlx-lm computes what transformers computes from what transformers 5 wrote, family by family."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lmrt.adapters.mlx.windows import MIXED_WITHOUT_WINDOW
from lmrt.domain.errors import LoadFailed
from tests.integration.mlx.support import load
from tests.support.hf_models import FAMILIES, VOCABULARY, write_family
from tests.support.mlx_families import CLOSE, EQUAL, HALF_SLIDING, PHI3_LONG, REFUSED, write

pytest.importorskip("torch", reason="torch is not installed")

# gemma2's windows are the subject of tests of their own
USUAL = sorted(set(FAMILIES) - {"gemma2"})
LENGTHS = (1, 9, 17, 48)
EXACT, ROUGH = 5e-4, 5e-3


def tokens(count: int = LENGTHS[-1]) -> list[int]:
    drawn = np.random.default_rng(3).integers(2, VOCABULARY, count)
    return [int(token) for token in drawn]


def reference(folder: Path, text: list[int]) -> Any:
    """Return transformers' logits after each token."""
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.no_grad():
        return model.eval()(torch.tensor([text]), use_cache=False).logits[0].numpy()


def check_equal(folder: Path, tolerance: float, lengths: tuple[int, ...] = LENGTHS) -> None:
    """Compare the logits after texts of several lengths, computed in pieces of 16 tokens."""
    text = tokens()[: lengths[-1]]
    expected = reference(folder, text)
    model = load(folder, batch_size=16)
    try:
        for length in lengths:
            found = np.asarray(model.logits(text[:length]))
            assert np.abs(found - expected[length - 1]).max() < tolerance
    finally:
        model.close()


@pytest.mark.parametrize("family", USUAL)
def test_the_usual_families(family: str, hf_folders: Callable[[str], Path]) -> None:
    check_equal(hf_folders(family), EXACT)


@pytest.mark.parametrize("family", EQUAL)
def test_families_with_names_of_their_own(family: str, tmp_path: Path) -> None:
    check_equal(write(EQUAL[family], tmp_path), EXACT)


@pytest.mark.parametrize("family", CLOSE)
def test_families_with_another_gelu(family: str, tmp_path: Path) -> None:
    check_equal(write(CLOSE[family], tmp_path), ROUGH)


def test_gemma2_inside_its_window(tmp_path: Path) -> None:
    check_equal(write_family("gemma2", tmp_path, sliding_window=512), EXACT)


def test_the_base_of_the_rotation_matters(hf_folders: Callable[[str], Path]) -> None:
    """Else the tests above would not notice a base that is not read."""
    text = tokens()
    expected = reference(hf_folders("llama"), text)
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    folder = hf_folders("llama")
    config = AutoConfig.from_pretrained(folder)
    config.rope_parameters["rope_theta"] = 10000.0
    model: Any = AutoModelForCausalLM.from_pretrained(folder, config=config, dtype=torch.float32)
    with torch.no_grad():
        other = model.eval()(torch.tensor([text])).logits[0].numpy()
    assert np.abs(expected[8] - other[8]).max() > 1


# Factors for short and for long texts


def test_short_contexts_take_the_short_factors(tmp_path: Path) -> None:
    folder = write(PHI3_LONG, tmp_path)
    text = tokens()
    expected = reference(folder, text)[-1]
    short, long = load(folder, context_length=64), load(folder, context_length=65)
    assert np.abs(np.asarray(short.logits(text)) - expected).max() < EXACT
    assert np.abs(np.asarray(long.logits(text)) - expected).max() > 1
    short.close()
    long.close()


def test_long_contexts_take_the_long_factors(tmp_path: Path) -> None:
    folder = write(PHI3_LONG, tmp_path)
    text = tokens(70)
    model = load(folder)
    found = np.asarray(model.logits(text))
    model.close()
    assert np.abs(found - reference(folder, text)[-1]).max() < EXACT


# What would be computed wrongly


def refusal(folder: Path, **settings: Any) -> LoadFailed:
    with pytest.raises(LoadFailed) as caught:
        load(folder, **settings)
    assert caught.value.code == "engine-load-failed"
    return caught.value


@pytest.mark.parametrize("family", REFUSED)
def test_positions_that_the_engine_does_not_read_are_refused(family: str, tmp_path: Path) -> None:
    error = refusal(write(REFUSED[family], tmp_path))
    assert "rotary position embedding (base 500,000" in (error.note or "")
    assert error.hint == "take another `--backend`"


@pytest.mark.parametrize("family", HALF_SLIDING)
def test_windows_of_some_layers_are_refused_beyond_their_length(
    family: str, tmp_path: Path
) -> None:
    folder = write(HALF_SLIDING[family], tmp_path)
    assert family in MIXED_WITHOUT_WINDOW  # so that no such context is planned
    error = refusal(folder, context_length=17)
    assert "sliding window of 16 tokens" in (error.note or "")
    assert "--context 16" in (error.hint or "")
    model = load(folder, context_length=16)
    found = np.asarray(model.logits(tokens(15)))
    model.close()
    assert np.abs(found - reference(folder, tokens(15))[-1]).max() < EXACT


def test_gemma2_is_refused_beyond_its_window(hf_folders: Callable[[str], Path]) -> None:
    assert "gemma2" in MIXED_WITHOUT_WINDOW
    error = refusal(hf_folders("gemma2"))
    assert "sliding window of 16 tokens" in (error.note or "")
