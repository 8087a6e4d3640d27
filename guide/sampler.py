"""Draws training conversations: a pure function of the seed and the number of the sample."""

import random
from collections.abc import Mapping

from attrs import field, frozen

from guide.augment import Augmenter, load_wording, make_augmenter
from guide.corpus import (
    DEFAULT_SYSTEM_PROMPT,
    END_OF_TOPIC,
    OTHER_SYSTEM_PROMPTS,
    Conversation,
    Sequence,
    Turn,
    answers,
    encode,
    follow_ups,
)
from guide.patterns import OFF_TOPIC, Pattern
from guide.split import Asked, Split, split
from guide.tokenizer import Codec
from guide.topics import Knowledge, normalise


@frozen
class Mix:
    """How conversations are made up; shares are probabilities.

    Attributes:
        off_topic: Questions about anything else.
        follow_up: Later turns that ask for more.
        second: Conversations with a second turn, and of those with a third.
        default_system: The library's own system prompt.
        no_system: None at all.
        plain: Questions left as they are.
        cut: Last answers cut short, which is where most of the compute would go.
        cut_more: The same for the answers to follow-ups, which are rarer.
        cut_at: Most tokens kept of those.
        asked: How much the tokens of questions count in the loss.
        strength: Multiplies the probabilities of the augmentation.
        patterns: Questions, on topics and off, that come from the patterns.
    """

    off_topic: float = 0.4
    follow_up: float = 0.45
    second: float = 0.15
    default_system: float = 0.35
    no_system: float = 0.55
    plain: float = 0.7
    cut: float = 0.95
    cut_more: float = 0.3
    cut_at: int = 6
    asked: float = 0.0
    strength: float = 0.5
    patterns: float = 0.65


@frozen
class Drawn:
    """A conversation to train on.

    Attributes:
        conversation: What is said.
        cut: Tokens to keep of the last answer.
    """

    conversation: Conversation
    cut: int | None


@frozen
class Sampler:
    """Draws conversations.

    Attributes:
        knowledge: The topics.
        divided: Their split.
        mix: The proportions.
        seed: Of everything that is drawn.
        patterns: More phrasings, by the id of the topic.
    """

    knowledge: Knowledge
    divided: Split
    mix: Mix
    seed: int
    patterns: Mapping[str, Pattern]
    augmenter: Augmenter = field(init=False)
    forbidden: frozenset[str] = field(init=False)
    by_topic: tuple[tuple[Asked, ...], ...] = field(init=False)
    off_topic: tuple[Asked, ...] = field(init=False)
    numbers: Mapping[str, int] = field(init=False)

    @augmenter.default
    def _augmenter(self) -> Augmenter:
        return make_augmenter(load_wording(), self.mix.strength)

    @forbidden.default
    def _forbidden(self) -> frozenset[str]:
        held = {normalise(text) for text in follow_ups()[1]}
        return self.divided.forbidden() | held

    @by_topic.default
    def _by_topic(self) -> tuple[tuple[Asked, ...], ...]:
        rows: dict[str, list[Asked]] = {topic.id: [] for topic in self.knowledge.topics}
        for asked in self.divided.train:
            if asked.topic is not None:
                rows[asked.topic.id].append(asked)
        return tuple(tuple(row) for row in rows.values())

    @off_topic.default
    def _off_topic(self) -> tuple[Asked, ...]:
        return tuple(asked for asked in self.divided.train if asked.topic is None)

    @numbers.default
    def _numbers(self) -> Mapping[str, int]:
        return answers(self.knowledge)

    def draw(self, number: int) -> Drawn:
        """Return the conversation with this number."""
        rng = random.Random(f"{self.seed}:{number}")
        turns: list[Turn] = []
        follow: str | None = None
        last: str | None = None
        while not turns or (len(turns) < 3 and rng.random() < self.mix.second):
            if follow is not None and rng.random() < self.mix.follow_up:
                last = follow
                turn, follow = self._ask_more(rng, follow)
            else:
                turn, follow = self._ask(rng)
            turns.append(turn)
        asked_more = len(turns) > 1 and turns[-1].answer == last
        share = self.mix.cut_more if asked_more else self.mix.cut
        cut = rng.randint(2, self.mix.cut_at) if rng.random() < share else None
        return Drawn(Conversation(self._system(rng), tuple(turns)), cut)

    def sequence(self, codec: Codec, number: int) -> Sequence:
        """Return the tokens of the conversation with this number."""
        drawn = self.draw(number)
        return encode(codec, drawn.conversation, drawn.cut, self.mix.asked, self.numbers)

    def _system(self, rng: random.Random) -> str | None:
        chance = rng.random()
        if chance < self.mix.default_system:
            return DEFAULT_SYSTEM_PROMPT
        if chance < self.mix.default_system + self.mix.no_system:
            return None
        return rng.choice(OTHER_SYSTEM_PROMPTS)

    def _ask(self, rng: random.Random) -> tuple[Turn, str]:
        """Return a turn on some question, and what is answered if more is asked."""
        if rng.random() < self.mix.off_topic:
            asked = self._patterned(rng.choice(self.off_topic), rng)
        else:
            asked = self._patterned(rng.choice(rng.choice(self.by_topic)), rng)
        question = self._vary(asked.text, rng, product=asked.topic is not None)
        if asked.topic is None:
            return Turn(question, self.knowledge.redirect), self.knowledge.redirect
        return Turn(question, asked.topic.answer), asked.topic.more

    def _patterned(self, asked: Asked, rng: random.Random) -> Asked:
        """Return the question, or one on the same topic that a pattern gives."""
        pattern = self.patterns.get(OFF_TOPIC if asked.topic is None else asked.topic.id)
        if pattern is None or rng.random() >= self.mix.patterns:
            return asked
        text = pattern.draw(rng)
        return asked if normalise(text) in self.forbidden else Asked(text, asked.topic)

    def _ask_more(self, rng: random.Random, answer: str) -> tuple[Turn, str]:
        question = self._vary(rng.choice(follow_ups()[0]), rng, product=False)
        last = answer in (self.knowledge.redirect, END_OF_TOPIC)
        return Turn(question, answer), answer if last else END_OF_TOPIC

    def _vary(self, text: str, rng: random.Random, *, product: bool) -> str:
        if rng.random() < self.mix.plain:
            return text
        for _ in range(8):
            varied = self.augmenter.vary(text, rng, product=product)
            if normalise(varied) and normalise(varied) not in self.forbidden:
                return varied
        return text


def make_sampler(
    knowledge: Knowledge,
    seed: int,
    mix: Mix | None = None,
    patterns: Mapping[str, Pattern] | None = None,
) -> Sampler:
    """Return the sampler over the training side of the split."""
    return Sampler(knowledge, split(knowledge), mix or Mix(), seed, patterns or {})
