"""The topic loader says what is wrong, all of it at once."""

from pathlib import Path

import pytest

from guide.topics import TopicError, distinct, load_knowledge, normalise
from tests.guide.samples import LIMITS, THINGS, knowledge, topic_text, write_topics


def test_loads_topics_and_the_redirect(tmp_path: Path) -> None:
    loaded = knowledge(tmp_path)
    assert tuple(topic.id for topic in loaded.topics) == THINGS
    assert loaded.topics[0].file == "things"
    assert loaded.redirect == "I know four things only."
    assert len(loaded.off_topic) == 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[topic]\n", "extra.toml: not TOML"),
        ("other = 1\n", "extra.toml: unknown key `other`"),
        ("topic = [1]\n", "extra.toml: topic 1: not a table"),
        ("[[topic]]\nid = 'x'\n", "extra.toml: `x`: `answer` is not a text"),
        (topic_text("egg") + "colour = 'red'\n", "`egg`: unknown key `colour`"),
        (topic_text("Bad Id"), "`id` is not kebab-case"),
        (topic_text("egg", questions=["a", "A?", "b"]), "2 different questions, 4 are needed"),
        (topic_text("egg", questions=["a", "b", "c", " "]), "question ' ' is empty"),
        (topic_text("drum"), "`drum` is also in things.toml"),
        (
            topic_text("egg", answer="A drum is one of the four things in this test."),
            "`egg` says the same as `drum`",
        ),
        (
            topic_text("egg", questions=["What is a drum?", "b", "c", "d"]),
            "`egg` asks 'What is a drum?', and so does `drum`",
        ),
        (topic_text("egg", questions=["who won the golf game!", "b", "c", "d"]), "off-topic"),
    ],
)
def test_says_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    write_topics(tmp_path)
    # Read after `things.toml`, so that the complaint is about the new file.
    (tmp_path / "zextra.toml").write_text(text)
    with pytest.raises(TopicError) as caught:
        load_knowledge(tmp_path, LIMITS)
    assert message.replace("extra.toml", "zextra.toml") in str(caught.value)


def test_lists_every_problem(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text("[[topic]\n")
    (tmp_path / "two.toml").write_text("other = 1\n")
    with pytest.raises(TopicError) as caught:
        load_knowledge(tmp_path, LIMITS)
    lines = str(caught.value).splitlines()
    assert len(lines) == 4
    assert lines[-1].endswith("no redirect")


@pytest.mark.parametrize(
    ("one", "other"),
    [("What's  --top-k?", "whats top k"), ("RT_MODEL", "rt model"), ("???", "???")],
)
def test_normalises(one: str, other: str) -> None:
    assert normalise(one) == other


def test_keeps_the_first_of_near_duplicates() -> None:
    assert distinct(("Hello!", "b", "hello")) == ("Hello!", "b")
