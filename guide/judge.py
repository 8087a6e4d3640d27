"""Decides what a generated text is: which topic's answer, and how near to it."""

from collections import Counter
from collections.abc import Mapping
from difflib import SequenceMatcher

from attrs import field, frozen

from guide.corpus import END_OF_TOPIC
from guide.patterns import OFF_TOPIC
from guide.topics import Knowledge

END = "end-of-topic"
NEAR = 0.9
CANDIDATES = 3  # texts compared letter by letter, the most similar in their words


@frozen
class Label:
    """One of the texts that the guide can say.

    Attributes:
        topic: Id of the topic, or `off-topic`, or `end-of-topic`.
        part: `answer` or `more`.
    """

    topic: str
    part: str


@frozen
class Judgement:
    """What a generated text is taken for.

    Attributes:
        label: The nearest text; `None` where nothing is near enough.
        nearest: The nearest text, however far.
        similarity: To it, from 0 to 1.
    """

    label: Label | None
    nearest: Label
    similarity: float

    @property
    def exact(self) -> bool:
        """Return whether it is that very text."""
        return self.similarity == 1.0


@frozen
class Judge:
    """Knows every text.

    Attributes:
        texts: What the guide can say, by the label.
    """

    texts: Mapping[str, Label] = field()

    def judge(self, text: str) -> Judgement:
        """Return the label of a generated text."""
        text = text.strip()
        if text in self.texts:
            return Judgement(self.texts[text], self.texts[text], 1.0)
        words = Counter(text.split())
        near = sorted(self.texts, key=lambda known: -_overlap(words, known))[:CANDIDATES]
        best = max(near, key=lambda known: _ratio(text, known))
        similarity = min(_ratio(text, best), 0.9999)
        label = self.texts[best]
        return Judgement(label if similarity >= NEAR else None, label, similarity)


def make_judge(knowledge: Knowledge) -> Judge:
    """Return the judge over all the answers."""
    texts = {knowledge.redirect: Label(OFF_TOPIC, "answer"), END_OF_TOPIC: Label(END, "answer")}
    for topic in knowledge.topics:
        texts[topic.answer] = Label(topic.id, "answer")
        texts[topic.more] = Label(topic.id, "more")
    return Judge(texts)


def _overlap(words: Counter[str], known: str) -> float:
    other = Counter(known.split())
    return 2 * (words & other).total() / max(1, words.total() + other.total())


def _ratio(text: str, known: str) -> float:
    return SequenceMatcher(None, text, known, autojunk=False).ratio()
