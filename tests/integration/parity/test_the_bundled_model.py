"""All three backends give the bundled model's answers, token for token."""

import pytest

from guide.split import split
from guide.topics import load_knowledge
from lmrt.application.parity import ParityCheck
from tests.integration.parity.support import ALL, assert_the_same, request

SAMPLE = 40
QUESTIONS = tuple(dict.fromkeys(asked.text for asked in split(load_knowledge()).held_out))


def assert_all_agree(check: ParityCheck, questions: tuple[str, ...], max_tokens: int) -> None:
    report = check.run(request("guide", prompts=questions, max_tokens=max_tokens))
    assert {run.backend for run in report.backends} == ALL
    for pair in report.pairs:
        assert_the_same(pair)


def test_on_a_sample_of_its_held_out_questions(check: ParityCheck) -> None:
    assert_all_agree(check, QUESTIONS[:: len(QUESTIONS) // SAMPLE], max_tokens=32)


@pytest.mark.soak
@pytest.mark.timeout(2400)
def test_on_all_of_them(check: ParityCheck) -> None:
    assert_all_agree(check, QUESTIONS, max_tokens=160)
