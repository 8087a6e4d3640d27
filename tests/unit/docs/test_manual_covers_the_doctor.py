"""The page of the doctor and the bundled model's topics know every finding there is."""

import re
from pathlib import Path
from typing import get_args

import pytest

from guide.topics import load_knowledge
from lmrt.domain.remedies import Remedy

PAGE = (Path(__file__).parents[3] / "docs" / "doctor.md").read_text(encoding="utf-8")
CODES = [kind.code for kind in get_args(Remedy)]


def test_every_finding_has_its_own_code() -> None:
    assert len(set(CODES)) == len(CODES) > 20


def test_the_page_has_a_row_for_each_and_none_beside() -> None:
    assert sorted(re.findall(r"^\| `([a-z-]+)` \|", PAGE, re.MULTILINE)) == sorted(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_topic_knows_it(code: str) -> None:
    told = (f"{topic.answer} {topic.more}" for topic in load_knowledge().topics)
    assert any(f"`{code}`" in text for text in told)
