"""Text and bytes, and an answer's text as it grows: whole characters, up to a stop text."""

import codecs
from collections import deque
from collections.abc import Sequence

from attrs import define, field

from lmrt.domain.errors import ConfigurationError


def utf8(text: str) -> bytes:
    """Return the bytes of a text.

    Raises:
        ConfigurationError: It holds half of a surrogate pair, which Python makes of bytes that
            are no text (`unreadable-input`).
    """
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ConfigurationError(
            f"the prompt is not text: character {error.start + 1} of the rendered prompt is "
            f"`U+{ord(text[error.start]):04X}`, half of a surrogate pair",
            code="unreadable-input",
            context={"position": error.start},
            hint="give the prompt as UTF-8",
        ) from None


class Utf8Assembler:
    """Puts the bytes of tokens together to whole characters.

    Bytes that can be no character become U+FFFD as soon as that is certain, as in
    `bytes.decode("utf-8", "replace")`: the result does not depend on how the bytes are cut.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def push(self, data: bytes) -> str:
        """Take the next bytes; return the characters that they complete."""
        return self._decoder.decode(data)

    def flush(self) -> str:
        """Return what an unfinished character stands for, and start anew."""
        rest = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        return rest


@define
class _Node:
    """A state of the automaton: the longest suffix of the text that begins a stop text.

    Attributes:
        depth: Letters of that suffix.
        children: The states one letter further.
        fallback: The state of the next shorter such suffix; the root's is the root itself.
        found: Length of the longest stop text that ends here, 0 for none.
    """

    depth: int = 0
    children: "dict[str, _Node]" = field(factory=dict, repr=False)
    fallback: "_Node | None" = field(default=None, repr=False)
    found: int = 0

    def after(self, letter: str) -> "_Node":
        """Return the state that follows when `letter` is read."""
        node = self
        while letter not in node.children:
            if node.fallback is None:
                return node
            node = node.fallback
        return node.children[letter]


def _automaton(stops: Sequence[str]) -> _Node:
    """Return the root of the Aho-Corasick automaton (1975) of the stop texts."""
    root = _Node()
    for stop in stops:
        node = root
        for letter in stop:
            node = node.children.setdefault(letter, _Node(node.depth + 1))
        node.found = len(stop)
    waiting = deque([root])
    while waiting:
        node = waiting.popleft()
        for letter, child in node.children.items():
            child.fallback = root if node.fallback is None else node.fallback.after(letter)
            child.found = child.found or child.fallback.found
            waiting.append(child)
    return root


class _Tail:
    """The text that is held back: grows at its end, shrinks at its start, never copied whole."""

    def __init__(self) -> None:
        self._pieces: deque[str] = deque()
        self._start = 0
        self._length = 0

    def append(self, piece: str) -> None:
        if piece:
            self._pieces.append(piece)
            self._length += len(piece)

    def keep(self, count: int) -> str:
        """Cut off and return all but the last `count` letters."""
        surplus = self._length - count
        self._length = count
        taken: list[str] = []
        while surplus:
            piece = self._pieces[0]
            part = piece[self._start : self._start + surplus]
            taken.append(part)
            surplus -= len(part)
            self._start += len(part)
            if self._start == len(piece):
                self._pieces.popleft()
                self._start = 0
        return "".join(taken)


class StopMatcher:
    """Cuts an answer before the first stop text, while the answer is still being written.

    The first stop text is the one that is complete first; of several that are complete at the
    same letter, the longest. The result does not depend on how the text is cut into pieces, and
    takes time in proportion to the text.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        """Take the stop texts, none of them empty."""
        self._root = self._node = _automaton(stops)
        self._tail = _Tail()
        self._matched: str | None = None

    @property
    def matched(self) -> str | None:
        """The stop text that was met, or None so far; after it no more text comes out."""
        return self._matched

    def push(self, text: str) -> str:
        """Take the next piece; return the text that can no longer be part of a stop text."""
        if self._matched is not None:
            return ""
        if not self._root.children:
            return text
        node = self._node
        for index, letter in enumerate(text, start=1):
            node = node.after(letter)
            if node.found:
                return self._end(text[:index], node.found)
        self._node = node
        self._tail.append(text)
        return self._tail.keep(node.depth)

    def flush(self) -> str:
        """Return the text held back, at the end of an answer that met no stop text."""
        self._node = self._root
        return self._tail.keep(0)

    def _end(self, last_piece: str, length: int) -> str:
        self._tail.append(last_piece)
        released = self._tail.keep(length)
        self._matched = self._tail.keep(0)
        return released
