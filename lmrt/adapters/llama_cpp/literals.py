"""Keeping the literals of special tokens out of ordinary text."""

import re
from collections.abc import Sequence


def without_literals(text: str, literals: Sequence[str]) -> list[str]:
    """Cut the text into pieces that join to it and of which none holds a literal.

    Each literal is cut after its first letter, so tokens that are longer than one letter are not
    recognised.
    """
    found = re.compile("|".join(re.escape(literal) for literal in literals if len(literal) > 1))
    pieces, start = [], 0
    for match in found.finditer(text):
        cut = match.start() + 1
        pieces.append(text[start:cut])
        start = cut
    return [*pieces, text[start:]]
