"""Whatever stands in the files of a tokenizer: it works, or is refused as malformed."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lmrt.adapters.tokenizers.huggingface import open_tokenizer
from lmrt.domain.errors import LoadFailed
from lmrt.domain.prompts import PromptSection
from tests.support.mutations import changed_tree, tree_changes
from tests.support.tiny_models import TinyModel, write_hf
from tests.support.tokenizer_families import NAMES, family

PROMPT = (
    PromptSection("<|bos|>hello  <|user|> wörld\n", control=True),
    PromptSection("<|eos|> a<s>", control=False),
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield write_hf(TinyModel(layers=1, hidden=8, heads=2, feed_forward=8), Path(name) / "tiny")


def use(folder: Path) -> None:
    try:
        found = open_tokenizer(folder)
    except LoadFailed as error:
        check_refusal(error)
        return
    for token in found.encode(PROMPT):
        assert isinstance(found.token_bytes(token), bytes)
    assert found.vocabulary_size >= 0
    assert all(token >= 0 for token in found.end_tokens)
    assert isinstance(found.eos_text, str)
    assert isinstance(found.adds_bos, bool)
    assert all(isinstance(text, str) for text in found.control_tokens)


def check_refusal(error: LoadFailed) -> None:
    assert error.code == "malformed-file"
    assert error.message.isprintable()
    assert len(error.message) < 1000


def tokenizer_case(folder: Path, name: str, changes: list[tuple[float, Any]]) -> None:
    path = folder / "tokenizer.json"
    path.write_text(json.dumps(changed_tree(family(name).file, changes)), "utf-8")
    use(folder)


CASES = given(name=st.sampled_from(NAMES), changes=tree_changes())


@CASES
@example(name="llama-3", changes=[(0.59375, 0)])  # two entries with one id
@settings(max_examples=3 * settings().max_examples)
def test_any_value_in_a_tokenizer(
    folder: Path, name: str, changes: list[tuple[float, Any]]
) -> None:
    tokenizer_case(folder, name, changes)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@settings(max_examples=20_000, suppress_health_check=[HealthCheck.too_slow])
@CASES
def test_many_values_in_a_tokenizer(
    folder: Path, name: str, changes: list[tuple[float, Any]]
) -> None:
    tokenizer_case(folder, name, changes)


BESIDE = {
    "tokenizer_config.json": {
        "bos_token": {"content": "<|bos|>", "special": True},
        "eos_token": "<|eos|>",
        "additional_special_tokens": ["<|user|>"],
        "added_tokens_decoder": {"0": {"content": "<|bos|>", "special": True, "lstrip": False}},
        "add_bos_token": True,
    },
    "special_tokens_map.json": {"eos_token": "<|eos|>", "extra_special_tokens": {"a": "<|user|>"}},
    "generation_config.json": {"eos_token_id": [1, 2], "bos_token_id": 0},
    "config.json": {"eos_token_id": 1, "text_config": {"eos_token_id": 2}},
}


@given(name=st.sampled_from(sorted(BESIDE)), changes=tree_changes())
@settings(max_examples=3 * settings().max_examples)
def test_any_value_beside_a_tokenizer(
    folder: Path, name: str, changes: list[tuple[float, Any]]
) -> None:
    (folder / "tokenizer.json").write_text(json.dumps(family("gpt-2").file), "utf-8")
    path = folder / name
    path.write_text(json.dumps(changed_tree(BESIDE[name], changes)), "utf-8")
    try:
        use(folder)
    finally:
        path.unlink()


def test_an_id_up_to_which_the_library_would_count_is_refused(folder: Path) -> None:
    tree = json.loads(json.dumps(family("gpt-2").file))
    tree["model"]["vocab"]["!"] = 2**31
    (folder / "tokenizer.json").write_text(json.dumps(tree), "utf-8")
    with pytest.raises(LoadFailed, match="gives a token the id 2,147,483,648"):
        open_tokenizer(folder)


def test_merges_at_which_the_library_would_end_the_process_are_refused(folder: Path) -> None:
    tree = json.loads(json.dumps(family("llama-2").file))
    tree["model"]["continuing_subword_prefix"] = "Ġ"
    (folder / "tokenizer.json").write_text(json.dumps(tree), "utf-8")
    with pytest.raises(LoadFailed, match="continuing_subword_prefix"):
        open_tokenizer(folder)
