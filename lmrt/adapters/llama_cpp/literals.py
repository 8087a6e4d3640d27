"""The literals of special tokens in a text, and the white space beside them."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from lmrt.domain.prompts import PromptSection, literal_pattern

_SPACE = " \t\n\v\f\r"
"""What the engine takes for white space beside a token."""


def without_literals(text: str, literals: Iterable[str]) -> list[str]:
    """Cut the text into pieces that join to it and of which none holds a literal.

    Each literal is cut after its first letter, so tokens that are longer than one letter are not
    recognised. A `▁` in a literal stands for a space too, and at its start for the one that the
    vocabulary puts before a text.
    """
    forms = {form for literal in literals for form in _forms(literal) if len(form) > 1}
    # They may overlap, so only their starts are looked for
    found = re.compile(f"(?={'|'.join(map(re.escape, sorted(forms)))})" if forms else "(?!)")
    cuts = [match.start() + 1 for match in found.finditer(text)]
    return [text[start:end] for start, end in pairwise((0, *cuts, len(text)))]


def _forms(literal: str) -> Iterator[str]:
    yield literal
    yield literal.replace("▁", " ")
    yield literal.removeprefix("▁")


def composed(text: str, tokens: Iterable[str]) -> str:
    """Return the text with letters and their marks composed, between the tokens in it.

    Args:
        text: Any text.
        tokens: Texts that the engine finds as tokens; a mark after one is not composed with it.
    """
    if unicodedata.is_normalized("NFC", text):
        return text
    pattern = literal_pattern(tokens, text)
    if pattern is None:
        return unicodedata.normalize("NFC", text)
    parts = re.split(f"({pattern.pattern})", text)
    parts[::2] = [unicodedata.normalize("NFC", part) for part in parts[::2]]
    return "".join(parts)


def spared(
    sections: Sequence[PromptSection], before: Sequence[str], after: Sequence[str]
) -> list[PromptSection]:
    """Return the sections less the white space that control tokens at their borders take.

    Within a control section the engine does that itself.

    Args:
        sections: The text in parts.
        before: Texts of control tokens that take the white space before them.
        after: Texts of those that take the white space after them.
    """
    result = []
    for place, section in enumerate(sections):
        text = section.text
        if not section.control:
            if place and sections[place - 1].text.endswith(tuple(after)):
                text = text.lstrip(_SPACE)
            if place + 1 < len(sections) and sections[place + 1].text.startswith(tuple(before)):
                text = text.rstrip(_SPACE)
        result.append(PromptSection(text, section.control))
    return result
