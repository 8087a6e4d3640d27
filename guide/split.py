"""Which phrasings are held out: decided by their own text, once and for all."""

import hashlib

from attrs import frozen

from guide.topics import Knowledge, Topic, normalise

HELD_OUT_PER_TOPIC = 3
HELD_OUT_OFF_TOPIC = 5  # one in so many


@frozen
class Asked:
    """One question and the topic that it belongs to.

    Attributes:
        text: The question.
        topic: Its topic; `None` is off-topic.
    """

    text: str
    topic: Topic | None


@frozen
class Split:
    """The questions, divided.

    Attributes:
        train: What the model may see.
        held_out: What it is judged by.
    """

    train: tuple[Asked, ...]
    held_out: tuple[Asked, ...]

    def forbidden(self) -> frozenset[str]:
        """Return the normalised held-out questions: none may be produced by augmentation."""
        return frozenset(normalise(asked.text) for asked in self.held_out)


def by_hash(questions: tuple[str, ...]) -> list[str]:
    """Return the questions in the order of the hash of their normalised text."""
    return sorted(questions, key=lambda text: hashlib.sha256(normalise(text).encode()).hexdigest())


def split(knowledge: Knowledge) -> Split:
    """Hold out three phrasings of each topic and a fifth of the off-topic questions."""
    train: list[Asked] = []
    held_out: list[Asked] = []
    for topic in knowledge.topics:
        ordered = [Asked(text, topic) for text in by_hash(topic.questions)]
        held_out += ordered[:HELD_OUT_PER_TOPIC]
        train += ordered[HELD_OUT_PER_TOPIC:]
    off = [Asked(text, None) for text in by_hash(knowledge.off_topic)]
    held_out += off[: len(off) // HELD_OUT_OFF_TOPIC]
    train += off[len(off) // HELD_OUT_OFF_TOPIC :]
    result = Split(tuple(train), tuple(held_out))
    check_disjoint(result)
    return result


def check_disjoint(divided: Split) -> None:
    """Refuse a split whose two sides share a question.

    Raises:
        ValueError: They do.
    """
    shared = divided.forbidden() & {normalise(asked.text) for asked in divided.train}
    if shared:
        raise ValueError(f"held out and trained on: {sorted(shared)}")
