"""Rows of text in columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from lmrt.cli.columns import columns, width


def test_each_column_is_as_wide_as_its_widest_cell() -> None:
    rows = [("model", "size"), ("a", "1"), ("longer name", "12,345")]
    assert list(columns(rows, right=(1,))) == [
        "model          size",
        "a                 1",
        "longer name  12,345",
    ]


def test_no_rows_are_no_lines() -> None:
    assert list(columns([])) == []


@pytest.mark.parametrize("text", ["", "plain", "模型", "e\u0301", "naïve", "ﬁ"])
def test_width_is_what_a_terminal_shows(text: str) -> None:
    assert width(text) == cell_len(text)


@given(st.lists(st.lists(st.text("ab模\u0301", min_size=1), min_size=3, max_size=3), min_size=1))
def test_columns_begin_at_the_same_cell(rows: list[list[str]]) -> None:
    lines = list(columns(rows))
    ends = {width(line) - width(row[-1]) for line, row in zip(lines, rows, strict=True)}
    assert len(ends) == 1
