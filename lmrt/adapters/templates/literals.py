"""Keeps control-token literals in content from acting, whatever a template does with them."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence

from lmrt.domain.prompts import literal_pattern

# The private use areas of the basic plane and of planes 15 and 16
_STAND_INS = (range(0xE000, 0xF900), range(0xF0000, 0xFFFFE), range(0x100000, 0x10FFFE))


class ContentLiterals:
    """Replaces literals by single letters of private use, and cuts the rendered text at them.

    A template sees ordinary letters, which it can neither tell apart from text nor complete to a
    control token.

    Args:
        literals: Texts of control tokens.
        contents: Every text of the conversation.
        reserved: Further texts that may occur in the prompt, such as the template's.
    """

    def __init__(
        self, literals: Iterable[str], contents: Sequence[str], reserved: Sequence[str]
    ) -> None:
        content = "\n".join(contents)
        present = sorted({text for text in literals if text and text in content})
        self._pattern = literal_pattern(present, content)
        self._stand_ins = dict(zip(present, _unused("\n".join((content, *reserved))), strict=False))

    def hide(self, text: str) -> str:
        """Return the text with a stand-in for each literal."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda match: self._stand_ins[match.group()], text)

    def cut(self, rendered: str) -> list[str]:
        """Return the rendered text cut at the stand-ins, with the literals at odd places."""
        if not self._stand_ins:
            return [rendered]
        # `tojson(ensure_ascii=True)` writes a stand-in as an escape
        literals = {
            form: literal
            for literal, letter in self._stand_ins.items()
            for form in (letter, _escaped(letter))
        }
        pieces = re.split(f"({'|'.join(map(re.escape, literals))})", rendered)
        pieces[1::2] = [literals[form] for form in pieces[1::2]]
        return pieces


def _unused(text: str) -> Iterator[str]:
    for letters in _STAND_INS:
        for letter in map(chr, letters):
            if letter not in text and _escaped(letter) not in text:
                yield letter


def _escaped(letter: str) -> str:
    return json.dumps(letter)[1:-1]
