"""Conversations as token sequences, with what the loss counts in them."""

from collections.abc import Iterator, Mapping

from attrs import frozen

from guide.split import by_hash
from guide.tokenizer import Codec
from guide.topics import Knowledge

DEFAULT_SYSTEM_PROMPT = "You are a helpful assistant."
OTHER_SYSTEM_PROMPTS = (
    "You are a helpful assistant",
    "You are the guide of lmrt.",
    "You are a concise assistant.",
    "Answer briefly.",
    "Be brief and precise.",
    "You answer questions about lmrt.",
    "You are an expert in language models. Answer in one paragraph.",
    "You are a friendly teacher.",
    "Reply in plain English.",
    "Be helpful.",
)
END_OF_TOPIC = (
    "That is all I know about it. "
    "`rt --help` and `rt COMMAND --help` list every command and option."
)
FOLLOW_UPS = (
    "tell me more",
    "more",
    "more please",
    "more details",
    "can you give me more details",
    "show me an example",
    "an example please",
    "can you give an example",
    "for example?",
    "give me an example",
    "example",
    "how exactly?",
    "how?",
    "how do i do that",
    "how would i do that exactly",
    "and how does that work",
    "how do i do this in practice",
    "explain further",
    "go on",
    "continue",
    "please continue",
    "please elaborate",
    "can you elaborate",
    "what else",
    "what else should i know",
    "anything else?",
    "is there more to it",
    "what does that look like",
    "what does that mean in practice",
    "show me",
    "show me how",
    "show me the command",
    "what do i type",
    "i don't understand",
    "i do not get it, can you explain more",
    "can you be more specific",
    "say more about that",
    "tell me more about that",
    "tell me more about it",
    "expand on that",
    "interesting, tell me more",
    "ok and then?",
    "and then",
    "ok, go on",
    "what is that in detail",
    "details please",
    "in more detail",
    "could you explain that in more detail",
    "i want to know more",
    "i'd like to know more about this",
    "do you have an example",
    "what would be an example of that",
    "can you show me one",
    "why is that",
    "keep going",
    "give me the long version",
    "a bit more please",
    "what do you mean",
    "what do you mean by that",
    "can you clarify that",
)
HELD_OUT_FOLLOW_UPS = 5  # one in so many


def follow_ups() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the follow-up questions to train on, and those held out."""
    ordered = tuple(by_hash(FOLLOW_UPS))
    count = len(ordered) // HELD_OUT_FOLLOW_UPS
    return ordered[count:], ordered[:count]


@frozen
class Turn:
    """A question and its answer.

    Attributes:
        question: What the user says.
        answer: What the guide says.
    """

    question: str
    answer: str


@frozen
class Conversation:
    """Some turns, under a system prompt or none.

    Attributes:
        system: The system prompt.
        turns: The turns, oldest first.
    """

    system: str | None
    turns: tuple[Turn, ...]


@frozen
class Sequence:
    """Tokens, and how much each counts as something to predict.

    Attributes:
        tokens: The tokens.
        weights: One for each token; 0 is not counted.
        choices: Where an answer is about to begin, and the number of that answer.
    """

    tokens: tuple[int, ...]
    weights: tuple[float, ...]
    choices: tuple[tuple[int, int], ...] = ()


def opening(codec: Codec, role: str, content: str) -> list[int]:
    """Return the tokens of a turn up to its end mark."""
    return [codec.turn_start, *codec.encode(f"{role}\n{content}")]


def closing(codec: Codec) -> list[int]:
    """Return the tokens that end a turn."""
    return [codec.turn_end, *codec.encode("\n")]


def prompt_tokens(codec: Codec, conversation: Conversation, question: str) -> list[int]:
    """Return what the model is given to answer a question after a conversation."""
    tokens = list(encode(codec, conversation).tokens)
    tokens += [*opening(codec, "user", question), *closing(codec)]
    return tokens + opening(codec, "assistant", "")


def answers(knowledge: Knowledge) -> dict[str, int]:
    """Return every text that the guide can say, numbered."""
    found = [knowledge.redirect, END_OF_TOPIC]
    for topic in knowledge.topics:
        found += [topic.answer, topic.more]
    return {text: number for number, text in enumerate(found)}


def encode(
    codec: Codec,
    conversation: Conversation,
    cut: int | None = None,
    asked: float = 0.0,
    numbers: Mapping[str, int] | None = None,
) -> Sequence:
    """Return the tokens of a conversation.

    Args:
        codec: The tokenizer.
        conversation: What is said.
        cut: Keep only so many tokens of the last answer.
        asked: How much the tokens of questions count.
        numbers: Of the answers, to mark where each begins.
    """
    choices: list[tuple[int, int]] = []
    tokens: list[int] = []
    weights: list[float] = []

    def add(more: list[int], weight: float) -> None:
        tokens.extend(more)
        weights.extend([weight] * len(more))

    if conversation.system is not None:
        add(opening(codec, "system", conversation.system) + closing(codec), 0.0)
    for number, turn in enumerate(conversation.turns, start=1):
        add(opening(codec, "user", turn.question), asked)
        add(closing(codec) + opening(codec, "assistant", ""), 0.0)
        if numbers is not None:
            choices.append((len(tokens) - 1, numbers[turn.answer]))
        answer = [*codec.encode(turn.answer), codec.turn_end]
        if cut is not None and number == len(conversation.turns):
            add(answer[:cut], 1.0)
        else:
            add(answer, 1.0)
            add(closing(codec)[1:], 0.0)
    return Sequence(tuple(tokens), tuple(weights), tuple(choices))


def texts(knowledge: Knowledge, questions: list[str]) -> Iterator[str]:
    """Return every text that the tokenizer is trained on; answers count several times."""
    for _ in range(3):
        for topic in knowledge.topics:
            yield topic.answer
            yield topic.more
        yield from (knowledge.redirect, END_OF_TOPIC, DEFAULT_SYSTEM_PROMPT)
    yield from OTHER_SYSTEM_PROMPTS
    for role in ("system", "user", "assistant"):
        yield f"{role}\n"
    for question in (*questions, *follow_ups()[0]):
        yield from (question, question.capitalize(), f"please {question}")
