"""The bag of words finds the answers before the model is trained, and the model begins with it."""

from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch
from torch import nn

from guide import warm_start
from guide.corpus import texts
from guide.model import Guide
from guide.sampler import Mix, Sampler, make_sampler
from guide.shape import Shape
from guide.tokenizer import Codec, train_codec
from tests.guide.samples import knowledge

ALONE = Mix(second=0.0, default_system=0.0, no_system=1.0, cut=1.0, plain=1.0)


def test_the_model_begins_with_what_the_words_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm_start, "QUESTIONS", 1024)
    torch.manual_seed(0)
    loaded = knowledge(tmp_path)
    sampler = make_sampler(loaded, 1, ALONE)
    asked = [each.text for each in sampler.divided.train]
    codec = train_codec(texts(loaded, asked), 400)
    model = Guide(Shape(codec.size, hidden=64, layers=2, heads=2, kv_heads=2, inner=96)).eval()
    chooser = nn.Linear(64, len(sampler.numbers))
    before = right(model, chooser, sampler, codec)
    warm_start.warm_start(model, chooser, sampler, codec)
    assert right(model, chooser, sampler, codec) > max(0.6, before + 0.3)


def right(model: Guide, chooser: nn.Linear, sampler: Sampler, codec: Codec) -> float:
    """Return the share of conversations whose first answer the chooser finds."""
    found = []
    for number in range(200):
        sequence = sampler.sequence(codec, number)
        at, choice = sequence.choices[0]
        with torch.no_grad():
            state = model(torch.tensor([sequence.tokens[: at + 1]]))[0, -1]
        found.append(int(chooser(state).argmax()) == choice)
    return sum(found) / len(found)
