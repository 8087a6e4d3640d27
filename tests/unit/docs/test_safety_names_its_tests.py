"""Every claim of `docs/safety.md` names a test that exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "safety.md").read_text("utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and "| test |" not in line]


@pytest.mark.parametrize("row", ROWS)
def test_the_claim_has_its_test(row: str) -> None:
    found = re.search(r"\| `(tests/[\w/]+\.py)(?:::(test_\w+))?` \|$", row)
    assert found is not None
    source = (ROOT / found[1]).read_text("utf-8")
    assert f"def {found[2] or 'test_'}" in source


def test_there_are_claims() -> None:
    assert len(ROWS) > 20
