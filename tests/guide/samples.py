"""A few small topics, and a tiny model's shape and recipe."""

import json
from pathlib import Path

from guide.topics import Knowledge, Limits, load_knowledge

LIMITS = Limits(questions=4, off_topic=5)
THINGS = ("apple", "bread", "candle", "drum")
FORMS = ("what is a {}", "explain the {}", "{} please", "tell me of {}s", "how does a {} work")


def topic_text(name: str, *, answer: str = "", questions: list[str] | None = None) -> str:
    answer = answer or f"A {name} is one of the four things in this test."
    questions = questions or [form.format(name) for form in FORMS]
    return (
        f"[[topic]]\nid = {json.dumps(name)}\nanswer = {json.dumps(answer)}\n"
        f"more = {json.dumps(f'More of the {name}.')}\nquestions = {json.dumps(questions)}\n"
    )


def write_topics(folder: Path) -> Path:
    (folder / "things.toml").write_text("\n".join(topic_text(name) for name in THINGS))
    questions = [
        f"who won the {sport} game" for sport in ("tennis", "golf", "chess", "go", "darts")
    ]
    (folder / "offtopic.toml").write_text(
        f"answers = ['I know four things only.']\nquestions = {json.dumps(questions)}\n"
    )
    return folder


def knowledge(folder: Path) -> Knowledge:
    return load_knowledge(write_topics(folder), LIMITS)
