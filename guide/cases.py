"""The questions of the evaluation, each with what should be answered."""

from collections.abc import Iterator

from attrs import frozen

from guide.corpus import DEFAULT_SYSTEM_PROMPT, Conversation, Turn, follow_ups
from guide.judge import Label
from guide.patterns import OFF_TOPIC
from guide.split import Asked, Split
from guide.topics import Knowledge, Topic

ALONE = "alone"
SWITCH = "switch"
FOLLOW_UP = "follow-up"
KINDS = (ALONE, SWITCH, FOLLOW_UP)


@frozen
class Case:
    """One question in its context.

    Attributes:
        kind: `alone`, `switch` (after another topic's turn) or `follow-up`.
        file: Stem of the topic's file; `offtopic` for the rest.
        before: What was said.
        question: What is asked.
        expected: The right answer.
    """

    kind: str
    file: str
    before: Conversation
    question: str
    expected: Label


def cases(knowledge: Knowledge, divided: Split) -> Iterator[Case]:
    """Yield every held-out question alone, then some in context, then the follow-ups."""
    for asked in divided.held_out:
        yield _case(ALONE, asked, ())
    yield from _switches(knowledge, divided)
    yield from _follow_ups(knowledge, divided)


def first_held_out(divided: Split) -> dict[str, str]:
    """Return one held-out question of each topic, by its id."""
    found: dict[str, str] = {}
    for asked in divided.held_out:
        if asked.topic is not None:
            found.setdefault(asked.topic.id, asked.text)
    return found


def _case(kind: str, asked: Asked, turns: tuple[Turn, ...]) -> Case:
    topic = asked.topic
    return Case(
        kind=kind,
        file="offtopic" if topic is None else topic.file,
        before=Conversation(DEFAULT_SYSTEM_PROMPT, turns),
        question=asked.text,
        expected=Label(OFF_TOPIC if topic is None else topic.id, "answer"),
    )


def _turn(topic: Topic, first: dict[str, str]) -> Turn:
    return Turn(first[topic.id], topic.answer)


def _switches(knowledge: Knowledge, divided: Split) -> Iterator[Case]:
    first = first_held_out(divided)
    for number, asked in enumerate(divided.held_out[::3]):
        other = knowledge.topics[(number * 7 + 3) % len(knowledge.topics)]
        if asked.topic is None or other.id != asked.topic.id:
            yield _case(SWITCH, asked, (_turn(other, first),))


def _follow_ups(knowledge: Knowledge, divided: Split) -> Iterator[Case]:
    first = first_held_out(divided)
    held_out = follow_ups()[1]
    for number, topic in enumerate(knowledge.topics):
        yield Case(
            kind=FOLLOW_UP,
            file=topic.file,
            before=Conversation(DEFAULT_SYSTEM_PROMPT, (_turn(topic, first),)),
            question=held_out[number % len(held_out)],
            expected=Label(topic.id, "more"),
        )
