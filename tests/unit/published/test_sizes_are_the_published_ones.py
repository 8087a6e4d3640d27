"""The models of the golden plans have the weights and the files that were published."""

import math
from pathlib import Path

import pytest

from lmrt.domain.messages import Modality
from tests.support.published import MODELS, Published, entry_of
from tests.support.published.gguf_files import write_gguf
from tests.support.published.hf_tensors import parts_of

# Bytes of whole files: public code on GitHub that names file and size
FILES = {
    ("llama3.1:8b", "Q4_K_M"): 4_920_739_232,
    ("gpt-oss:20b", "MXFP4"): 12_109_566_560,
    ("smollm2:1.7b", "Q4_K_M"): 1_055_609_824,
}
TOKENIZER = 20_000_000
"""Bytes of the largest vocabulary in a header; ours have none."""


def model(alias: str) -> Published:
    return next(one for one in MODELS if one.alias == alias)


@pytest.mark.parametrize("one", MODELS, ids=lambda one: one.alias)
def test_the_weights_are_as_many_as_the_catalogue_tells(one: Published) -> None:
    parts = parts_of(one.sizes, one.layers, one.build, tied=one.tied, mlx=False)
    count = sum(math.prod(part.shape) for part in parts)
    if one.alias == "qwen3:0.6b":
        # Its maker stores the tied head a second time
        count += one.sizes.vocabulary * one.sizes.hidden

    assert count == entry_of(one).parameters


@pytest.mark.parametrize("one", MODELS, ids=lambda one: one.alias)
def test_both_formats_have_the_same_language_model(one: Published) -> None:
    parts = parts_of(one.sizes, one.layers, one.build, tied=one.tied, mlx=True)
    language = sum(math.prod(part.shape) for part in parts) - one.build.encoder
    written = sum(math.prod(size) for _, size in one.blueprint.tensors)

    assert written == language
    assert (Modality.IMAGE in entry_of(one).modalities) == bool(one.build.encoder)


@pytest.mark.parametrize(("alias", "mix"), list(FILES))
def test_a_file_has_the_size_of_the_published_one_less_its_tokenizer(
    tmp_path: Path, alias: str, mix: str
) -> None:
    one = model(alias)
    size = write_gguf(one.blueprint, mix, tmp_path / one.file(mix), alias).stat().st_size

    assert 0 < FILES[alias, mix] - size < TOKENIZER
