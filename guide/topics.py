"""The topics that `guide` is trained from: TOML files, loaded and checked."""

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from attrs import frozen

TOPICS_DIR = Path(__file__).parent / "topics"
OFF_TOPIC_FILE = "offtopic.toml"
MIN_QUESTIONS = 22
MIN_OFF_TOPIC = 500
TOPIC_KEYS = frozenset({"id", "answer", "more", "questions"})
OFF_TOPIC_KEYS = frozenset({"answers", "questions"})
ID_PATTERN = re.compile(r"[a-z0-9]+([-_.][a-z0-9]+)*")


class TopicError(ValueError):
    """The topic files are not usable; the message lists every problem found."""


@frozen
class Topic:
    """One thing that the guide knows.

    Attributes:
        id: Unique kebab-case name.
        file: Stem of the file that it comes from.
        answer: What the guide says to any of the questions.
        more: What it says when asked for more after that.
        questions: Phrasings of the question.
    """

    id: str
    file: str
    answer: str
    more: str
    questions: tuple[str, ...]


@frozen
class Knowledge:
    """All topics, and what is answered to everything else.

    Attributes:
        topics: The topics, in the order of the file names.
        redirect: The one answer to a question about anything else.
        off_topic: Questions about anything else.
    """

    topics: tuple[Topic, ...]
    redirect: str
    off_topic: tuple[str, ...]


@frozen
class Limits:
    """The fewest phrasings that are accepted.

    Attributes:
        questions: For each topic.
        off_topic: In the off-topic file.
    """

    questions: int = MIN_QUESTIONS
    off_topic: int = MIN_OFF_TOPIC


def normalise(text: str) -> str:
    """Return the form under which two phrasings count as the same."""
    bare = re.sub(r"['`\u2019]", "", text.lower())
    return " ".join(re.sub(r"[^\w]|_", " ", bare).split()) or text.strip()


def distinct(questions: tuple[str, ...]) -> tuple[str, ...]:
    """Return the questions without those that normalise to an earlier one."""
    found: dict[str, str] = {}
    for question in questions:
        found.setdefault(normalise(question), question)
    return tuple(found.values())


def load_knowledge(folder: Path = TOPICS_DIR, limits: Limits | None = None) -> Knowledge:
    """Read and check every topic file.

    Args:
        folder: Where the `*.toml` files are.
        limits: How many phrasings are required.

    Raises:
        TopicError: Something is wrong; every problem is listed, with its file.
    """
    limits = limits or Limits()
    problems: list[str] = []
    topics: list[Topic] = []
    redirect = ""
    off_topic: tuple[str, ...] = ()
    for path in sorted(folder.glob("*.toml")):
        document = _read(path, problems)
        if path.name == OFF_TOPIC_FILE:
            redirect, off_topic = _off_topic(document, limits, problems)
        else:
            topics.extend(_topics(document, path, limits, problems))
    if not topics:
        problems.append(f"{folder}: no topics")
    if not redirect:
        problems.append(f"{folder / OFF_TOPIC_FILE}: no redirect")
    knowledge = Knowledge(tuple(topics), redirect, off_topic)
    problems.extend(_conflicts(knowledge))
    if problems:
        raise TopicError("\n".join(problems))
    return knowledge


def _read(path: Path, problems: list[str]) -> Mapping[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{path.name}: not TOML: {error}")
        return {}


def _topics(
    document: Mapping[str, object], path: Path, limits: Limits, problems: list[str]
) -> Iterator[Topic]:
    unknown = sorted(set(document) - {"topic"})
    problems.extend(f"{path.name}: unknown key `{key}`" for key in unknown)
    tables = document.get("topic", [])
    for number, table in enumerate(tables if isinstance(tables, list) else [], start=1):
        where = f"{path.name}: topic {number}"
        if not isinstance(table, dict):
            problems.append(f"{where}: not a table")
            continue
        name = table.get("id")
        where = f"{path.name}: `{name}`" if isinstance(name, str) else where
        found = _check_topic(table, limits)
        problems.extend(f"{where}: {problem}" for problem in found)
        if not found:
            yield Topic(
                id=table["id"],
                file=path.stem,
                answer=table["answer"].strip(),
                more=table["more"].strip(),
                questions=distinct(tuple(table["questions"])),
            )


def _check_topic(table: Mapping[str, object], limits: Limits) -> list[str]:
    problems = [f"unknown key `{key}`" for key in sorted(set(table) - TOPIC_KEYS)]
    for key in ("id", "answer", "more"):
        value = table.get(key)
        if not isinstance(value, str) or not value.strip():
            problems.append(f"`{key}` is not a text")
    name = table.get("id")
    if isinstance(name, str) and not ID_PATTERN.fullmatch(name):
        problems.append("`id` is not kebab-case")
    return problems + _check_questions(table.get("questions"), limits.questions)


def _check_questions(questions: object, least: int) -> list[str]:
    if not isinstance(questions, list) or not all(isinstance(q, str) for q in questions):
        return ["`questions` is not a list of texts"]
    empty = [f"question {q!r} is empty" for q in questions if not normalise(q)]
    count = len(distinct(tuple(questions)))
    few = [f"{count} different questions, {least} are needed"] if count < least else []
    return empty + few


def _off_topic(
    document: Mapping[str, object], limits: Limits, problems: list[str]
) -> tuple[str, tuple[str, ...]]:
    found = [f"unknown key `{key}`" for key in sorted(set(document) - OFF_TOPIC_KEYS)]
    answers = document.get("answers")
    if not isinstance(answers, list) or len(answers) != 1 or not isinstance(answers[0], str):
        found.append("`answers` is not a list of one text")
    found += _check_questions(document.get("questions"), limits.off_topic)
    problems.extend(f"{OFF_TOPIC_FILE}: {problem}" for problem in found)
    if found or not isinstance(answers, list):
        return "", ()
    questions = document["questions"]
    return answers[0].strip(), distinct(tuple(questions if isinstance(questions, list) else ()))


def _conflicts(knowledge: Knowledge) -> Iterator[str]:
    ids: dict[str, str] = {}
    answers: dict[str, str] = {knowledge.redirect: "the redirect"}
    asked: dict[str, str] = {normalise(q): "off-topic" for q in knowledge.off_topic}
    for topic in knowledge.topics:
        if topic.id in ids:
            yield f"{topic.file}.toml: `{topic.id}` is also in {ids[topic.id]}.toml"
        ids[topic.id] = topic.file
        for text in (topic.answer, topic.more):
            if text in answers:
                yield f"{topic.file}.toml: `{topic.id}` says the same as {answers[text]}"
            answers[text] = f"`{topic.id}`"
        for question in topic.questions:
            other = asked.setdefault(normalise(question), f"`{topic.id}`")
            if other != f"`{topic.id}`":
                yield f"{topic.file}.toml: `{topic.id}` asks {question!r}, and so does {other}"


def main() -> int:
    """Check the topic files and print what they hold."""
    try:
        knowledge = load_knowledge(Path(sys.argv[1]) if len(sys.argv) > 1 else TOPICS_DIR)
    except TopicError as error:
        print(error, file=sys.stderr)
        return 1
    questions = sum(len(topic.questions) for topic in knowledge.topics)
    print(f"{len(knowledge.topics)} topics, {questions} questions, {len(knowledge.off_topic)} off")
    return 0


if __name__ == "__main__":
    sys.exit(main())
