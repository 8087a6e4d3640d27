"""Judges the model by the held-out questions, greedily, on llama.cpp."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from attrs import asdict, frozen

from guide.cases import ALONE, FOLLOW_UP, SWITCH, Case, cases
from guide.corpus import prompt_tokens
from guide.engine import engine
from guide.files import GGUF, MODEL_DIR
from guide.judge import Judgement, make_judge
from guide.patterns import OFF_TOPIC
from guide.split import split
from guide.tokenizer import load_codec
from guide.topics import TOPICS_DIR, Knowledge, load_knowledge


@frozen
class Outcome:
    """One question, what was generated, and what that is.

    Attributes:
        case: The question.
        text: The generated answer.
        judgement: What it is taken for.
    """

    case: Case
    text: str
    judgement: Judgement

    @property
    def right(self) -> bool:
        """Return whether it is the expected answer, or nearly."""
        return self.judgement.label == self.case.expected

    @property
    def exact(self) -> bool:
        """Return whether it is the expected answer to the letter."""
        return self.right and self.judgement.exact

    @property
    def redirected(self) -> bool:
        """Return whether it is the redirect."""
        return self.judgement.label is not None and self.judgement.label.topic == OFF_TOPIC

    @property
    def off_topic(self) -> bool:
        """Return whether it should be."""
        return self.case.expected.topic == OFF_TOPIC


@frozen
class Figures:
    """Shares of the held-out questions, from 0 to 1.

    Attributes:
        questions: Questions about topics, asked alone.
        right_topic: Of them, answered with the right topic's answer.
        exact: To the letter.
        false_redirect: Redirected although the guide knows the answer.
        off_topic: Questions about anything else.
        redirected: Of them, redirected.
        switched: Right after a turn on another topic.
        follow_up: Follow-up questions answered with the right topic's second text.
    """

    questions: int
    right_topic: float
    exact: float
    false_redirect: float
    off_topic: int
    redirected: float
    switched: float
    follow_up: float


def generate(knowledge: Knowledge, folder: Path) -> list[Outcome]:
    """Ask every question."""
    codec = load_codec(folder)
    judge = make_judge(knowledge)
    found: list[Outcome] = []
    with engine(folder / GGUF) as llama:
        for case in cases(knowledge, split(knowledge)):
            prompt = prompt_tokens(codec, case.before, case.question)
            text = codec.decode(llama.greedy(prompt, codec.turn_end))
            found.append(Outcome(case, text, judge.judge(text)))
    return found


def figures(outcomes: Iterable[Outcome]) -> Figures:
    """Return the shares."""
    every = list(outcomes)
    alone = [one for one in every if one.case.kind == ALONE and not one.off_topic]
    off = [one for one in every if one.case.kind == ALONE and one.off_topic]
    return Figures(
        questions=len(alone),
        right_topic=_share(one.right for one in alone),
        exact=_share(one.exact for one in alone),
        false_redirect=_share(one.redirected for one in alone),
        off_topic=len(off),
        redirected=_share(one.redirected for one in off),
        switched=_share(one.right for one in every if one.case.kind == SWITCH),
        follow_up=_share(one.right for one in every if one.case.kind == FOLLOW_UP),
    )


def by_file(outcomes: Iterable[Outcome]) -> dict[str, float]:
    """Return the share of right answers to questions asked alone, for each topic file."""
    rows: dict[str, list[bool]] = {}
    for one in outcomes:
        if one.case.kind == ALONE:
            rows.setdefault(one.case.file, []).append(one.right)
    return {file: _share(row) for file, row in sorted(rows.items())}


def mistakes(outcomes: Iterable[Outcome]) -> Iterator[dict[str, object]]:
    """Yield every wrong answer, with what it was taken for."""
    for one in outcomes:
        if not one.right:
            yield {
                "kind": one.case.kind,
                "file": one.case.file,
                "question": one.case.question,
                "expected": one.case.expected.topic,
                "nearest": one.judgement.nearest.topic,
                "part": one.judgement.nearest.part,
                "similarity": round(one.judgement.similarity, 3),
                "text": one.text,
            }


def _share(values: Iterable[bool]) -> float:
    every = list(values)
    return sum(every) / len(every) if every else 0.0


def describe(found: Figures, files: dict[str, float]) -> str:
    """Return the figures as lines of text."""
    lines = [
        f"{found.questions} held-out questions on topics",
        f"  right topic     {found.right_topic:6.1%}",
        f"  to the letter   {found.exact:6.1%}",
        f"  false redirect  {found.false_redirect:6.1%}",
        f"  topic switch    {found.switched:6.1%}",
        f"  follow-up       {found.follow_up:6.1%}",
        f"{found.off_topic} held-out questions off topic",
        f"  redirected      {found.redirected:6.1%}",
        "right by file: " + ", ".join(f"{name} {share:.0%}" for name, share in files.items()),
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Evaluate a model directory and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m guide.evaluate", description=__doc__)
    parser.add_argument("--model", type=Path, default=MODEL_DIR, help="model directory")
    parser.add_argument("--topics", type=Path, default=TOPICS_DIR, help="directory of topics")
    parser.add_argument("--report", type=Path, help="write every mistake to this JSON file")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    outcomes = generate(load_knowledge(options.topics), options.model)
    found, files = figures(outcomes), by_file(outcomes)
    if options.report:
        text = json.dumps(list(mistakes(outcomes)), indent=1, ensure_ascii=False)
        options.report.write_text(text + "\n", encoding="utf-8")
    document = {"figures": asdict(found), "right_by_file": files}
    print(json.dumps(document, indent=2) if options.json else describe(found, files))
    return 0


if __name__ == "__main__":
    sys.exit(main())
