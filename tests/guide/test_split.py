"""The split is disjoint, stable, and does not depend on the order in the files."""

import random
from pathlib import Path

import pytest
from attrs import evolve

from guide.split import Asked, Split, check_disjoint, split
from guide.topics import TOPICS_DIR, load_knowledge, normalise
from tests.guide.samples import knowledge


def test_three_of_each_topic_and_a_fifth_of_the_rest(tmp_path: Path) -> None:
    divided = split(knowledge(tmp_path))
    assert len([asked for asked in divided.held_out if asked.topic]) == 3 * 4
    assert len([asked for asked in divided.held_out if not asked.topic]) == 1
    assert len(divided.train) == 2 * 4 + 4


def test_is_always_the_same(tmp_path: Path) -> None:
    loaded = knowledge(tmp_path)
    held_out = [asked.text for asked in split(loaded).held_out]
    shuffled = [
        evolve(topic, questions=tuple(random.Random(1).sample(topic.questions, 5)))
        for topic in loaded.topics
    ]
    again = split(evolve(loaded, topics=tuple(shuffled)))
    assert [asked.text for asked in again.held_out] == held_out
    assert held_out[:3] == ["explain the apple", "how does a apple work", "apple please"]


def test_refuses_an_overlap() -> None:
    divided = Split((Asked("What is it?", None),), (Asked("what is it", None),))
    with pytest.raises(ValueError, match="what is it"):
        check_disjoint(divided)


def test_the_real_topics_do_not_overlap() -> None:
    divided = split(load_knowledge(TOPICS_DIR))
    trained = {normalise(asked.text) for asked in divided.train}
    assert trained.isdisjoint(divided.forbidden())
