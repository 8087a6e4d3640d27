"""Training repeats, the export holds the same numbers, and llama.cpp computes the same logits."""

from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("gguf")

import json

import numpy as np
import torch
from attrs import evolve

from guide.corpus import DEFAULT_SYSTEM_PROMPT, Conversation, Turn, encode
from guide.engine import engine
from guide.export import ExportError, export
from guide.files import GGUF, SAFETENSORS
from guide.optimise import Recipe, rate_at
from guide.shape import Shape
from guide.train import Made, make
from tests.guide.samples import knowledge

RECIPE = Recipe(steps=3, batch=8, warm_up=2, warm=False)
SHAPE = Shape(0, hidden=64, layers=2, heads=2, kv_heads=1, inner=96, context=256)
TALK = Conversation(DEFAULT_SYSTEM_PROMPT, (Turn("What is é 日本, a drum?", "A `drum`.\n\nYes"),))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(knowledge(tmp_path_factory.mktemp("topics")), 1, RECIPE, SHAPE, 400)


def exported(made: Made, folder: Path) -> Path:
    export(made.model, made.codec, folder)
    return folder


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "topics").mkdir()
    loaded = knowledge(tmp_path / "topics")
    found = []
    for name, seed in (("one", 1), ("two", 1), ("three", 2)):
        folder = exported(make(loaded, seed, RECIPE, SHAPE, 400), tmp_path / name)
        found.append((folder / SAFETENSORS).read_bytes())
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_llama_cpp_computes_the_same_logits(made: Made, tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    tokens = list(encode(made.codec, TALK).tokens)
    with engine(exported(made, tmp_path) / GGUF, context=256) as llama:
        theirs = llama.logits(tokens)
    with torch.no_grad():
        ours = made.model.logits(made.model(torch.tensor([tokens])))[0].numpy()
    assert np.abs(theirs - ours).max() < 1e-3
    assert np.abs(ours).max() > 0.05


def test_llama_cpp_finds_the_same_tokens(made: Made, tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    jinja2 = pytest.importorskip("jinja2")
    folder = exported(made, tmp_path)
    template = jinja2.Template((folder / "chat_template.jinja").read_text())
    messages = [{"role": "system", "content": DEFAULT_SYSTEM_PROMPT}]
    for turn in TALK.turns:
        messages.append({"role": "user", "content": turn.question})
        messages.append({"role": "assistant", "content": turn.answer})
    text = template.render(messages=messages, add_generation_prompt=False)
    with engine(folder / GGUF, context=256) as llama:
        assert llama.tokenize(text) == list(encode(made.codec, TALK).tokens)


def test_the_tokenizer_keeps_any_text(made: Made) -> None:
    for text in ("", " two  spaces\t\n", "naïve 日本 🙂 \x00\x7f", "<|im_ end|>", "don't WE'LL"):
        assert made.codec.decode(made.codec.encode(text)) == text


def test_config_has_the_keys_of_hugging_face(made: Made, tmp_path: Path) -> None:
    config = json.loads((exported(made, tmp_path) / "config.json").read_text())
    assert config["architectures"] == ["LlamaForCausalLM"]
    assert config["rope_theta"] == 10000.0
    assert config["tie_word_embeddings"] is True
    assert config["vocab_size"] == made.codec.size


def test_weights_that_are_not_half_precision_are_refused(tmp_path: Path) -> None:
    (tmp_path / "topics").mkdir()
    fresh = make(knowledge(tmp_path / "topics"), 1, evolve(RECIPE, steps=1), SHAPE, 400)
    with torch.no_grad():
        fresh.model.norm.weight.add_(1e-6)
    with pytest.raises(ExportError, match=r"model\.norm\.weight"):
        export(fresh.model, fresh.codec, tmp_path)


def test_the_learning_rate_rises_and_falls() -> None:
    recipe = Recipe(steps=100, warm_up=10, rate=1.0, floor=0.1)
    rates = [rate_at(step, recipe) for step in range(100)]
    assert max(rates) == rates[9] == 1.0
    assert rates[:10] == sorted(rates[:10])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert 0.1 <= rates[-1] < 0.11
