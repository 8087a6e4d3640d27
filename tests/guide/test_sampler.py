"""Samples depend on the seed and the number only, and never give away a held-out question."""

import random
from itertools import pairwise
from pathlib import Path

import pytest

from guide.augment import load_wording, make_augmenter
from guide.corpus import END_OF_TOPIC, follow_ups
from guide.patterns import Pattern, PatternError, load_patterns, unfold
from guide.sampler import make_sampler
from guide.split import split
from guide.topics import TOPICS_DIR, load_knowledge, normalise
from tests.guide.samples import knowledge

QUESTION = "How do I set the context length with `--context`?"


def test_augmentation_repeats_with_its_seed() -> None:
    augmenter = make_augmenter(load_wording())

    def varied(seed: int) -> list[str]:
        rng = random.Random(seed)
        return [augmenter.vary(QUESTION, rng, product=True) for _ in range(50)]

    assert varied(1) == varied(1)
    assert varied(1) != varied(2)
    assert len(set(varied(1))) > 30
    assert all(text.strip() for text in varied(1))


def test_samples_repeat_with_their_number(tmp_path: Path) -> None:
    one, other = (make_sampler(knowledge(tmp_path), 3) for _ in range(2))
    assert [one.draw(n) for n in range(40)] == [other.draw(n) for n in range(40)]
    another = make_sampler(knowledge(tmp_path), 4)
    assert [one.draw(n) for n in range(40)] != [another.draw(n) for n in range(40)]


def test_no_held_out_question_is_ever_drawn() -> None:
    loaded = load_knowledge(TOPICS_DIR)
    sampler = make_sampler(loaded, 0, patterns=load_patterns(t.id for t in loaded.topics))
    held_out = {normalise(asked.text) for asked in split(loaded).held_out}
    held_out |= {normalise(text) for text in follow_ups()[1]}
    for number in range(3000):
        for turn in sampler.draw(number).conversation.turns:
            assert normalise(turn.question) not in held_out


def test_a_follow_up_continues_its_topic(tmp_path: Path) -> None:
    loaded = knowledge(tmp_path)
    sampler = make_sampler(loaded, 0)
    more = {topic.answer: topic.more for topic in loaded.topics}
    followed = 0
    for number in range(500):
        turns = sampler.draw(number).conversation.turns
        for before, after in pairwise(turns):
            if after.answer in more.values():
                assert more[before.answer] == after.answer
                followed += 1
            if after.answer == END_OF_TOPIC:
                assert before.answer in {*more.values(), END_OF_TOPIC}
    assert followed > 10


def test_the_patterns_fit_the_topics() -> None:
    topics = {topic.id for topic in load_knowledge(TOPICS_DIR).topics}
    rng = random.Random(0)
    patterns = load_patterns(topics)
    assert len(patterns) > 0.9 * len(topics)
    for pattern in patterns.values():
        assert not set("{}") & set(pattern.draw(rng))


def test_unfolds_a_pattern() -> None:
    found = {unfold("{a|b} c{ d|}", random.Random(seed)) for seed in range(40)}
    assert found == {"a c", "b c", "a c d", "b c d"}


def test_a_pattern_without_lines_uses_its_names() -> None:
    pattern = Pattern(("top-k",), ("what is @",), ())
    assert pattern.draw(random.Random(0)) == "what is top-k"


@pytest.mark.parametrize(
    ("line", "message"), [("nobody = 'x'", "no such topics: nobody"), ("egg = '{a|b'", "braces")]
)
def test_refuses_a_wrong_pattern_file(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "frames.toml").write_text("[frames]\nabout = ['@']\n[family]\n")
    (tmp_path / "some.toml").write_text(f"[topics]\n{line}\n")
    with pytest.raises(PatternError, match=message):
        load_patterns(["egg"], tmp_path)
