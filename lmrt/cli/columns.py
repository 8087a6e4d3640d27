"""Rows of text in columns: quick, and fit to be cut up by other programs.

rich's tables take most of a second for some hundred rows.
"""

import unicodedata
from collections.abc import Collection, Iterator, Sequence

_GAP = "  "


def columns(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> Iterator[str]:
    """Yield the rows as lines, each cell as wide as the widest one of its column.

    Args:
        rows: All with the same number of cells, which hold no control characters.
        right: Numbers of the columns that end at their right side.
    """
    widths = [max(map(width, cells), default=0) for cells in zip(*rows, strict=True)]
    for row in rows:
        padded = (
            _padded(cell, widths[number], to_right=number in right)
            for number, cell in enumerate(row)
        )
        yield _GAP.join(padded).rstrip()


def width(text: str) -> int:
    """Return how many cells of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(_letter_width(letter) for letter in text)


def _letter_width(letter: str) -> int:
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _padded(text: str, wanted: int, *, to_right: bool) -> str:
    space = " " * (wanted - width(text))
    return space + text if to_right else text + space
