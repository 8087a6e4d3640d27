"""Where a long array of texts ends, found without reading it.

A vocabulary and its merges take several megabytes, and what a plan needs stands behind them. Texts
can be recognised from any place in the array, since each is a length of 8 bytes, most of them
zeros, and so many bytes of text: a few windows tell in which part the array ends. What is found is
a guess until everything behind it was parsed (`lmrt.adapters.gguf.sketch`).
"""

import re
from collections.abc import Callable, Sequence

from attrs import frozen

from lmrt.adapters.gguf.sketch_windows import Windows

_PROBE = 1536
"""Bytes of a window: some eighty tokens, and still several of the longest."""
_LONGEST = 1024
"""Bytes of the longest text that is taken for one; real tokens stay below 300."""
_CHAIN = 4
"""Texts that must follow each other to be believed."""
_EMPTY = 16
"""Empty texts that must not follow each other: zeros would be nothing else."""
_LENGTHS = (3, 6, 9, 12, 15, 18, 21, 24, 27, 36, 48, 64, 96, 128, 192, 256)
"""Mean lengths of a text that are tried first. Steps of 3 bytes find what lies behind a vocabulary
even where more texts follow it: there are 4 bytes a token, its types or its scores."""
_LONG = (128, 256, 512, 1024)
"""Mean lengths that are tried then."""
_WAYS = 15
"""Windows that are fetched side by side."""
_CLOSE = 8192
"""Bytes that are read as a whole at last."""

_LENGTH_INSIDE = b"\0" * 7
_PAIR = re.compile(rb"[^ ]+ [^ ]+", re.DOTALL)


@frozen
class _Chain:
    """Texts that follow each other.

    Attributes:
        starts: Where each begins, its length included.
        stop: Where no text begins any more, or the one that the window cuts.
        cut: Whether the window ends before the texts do.
        paired: Whether all of them are two words with a space between, as merges are.
    """

    starts: Sequence[int]
    stop: int
    cut: bool
    paired: bool


def end_of_texts(
    windows: Windows, start: int, count: int, accepts: Callable[[int], bool]
) -> int | None:
    """Return where an array of texts ends, or None where that is not found.

    Args:
        windows: The file.
        start: Where the first text begins.
        count: How many there are.
        accepts: Returns whether what follows the array may begin at an offset.

    Raises:
        NoRoom: The windows may not be fetched.
    """
    first = _chain(windows.at(start, min(_PROBE, windows.size - start)), anchored=True)
    if first is None:
        return None
    low, high = start, windows.size
    guesses = [start + count * (8 + length) for length in _LENGTHS]
    while high - low > _CLOSE:
        points = [point for point in guesses if low < point < high]
        low, high = _narrowed(windows, low, high, points, paired=first.paired)
        farther = [low + count * length for length in _LONG]
        if high == windows.size and farther[0] < high:
            guesses = farther
        else:
            guesses = [low + (high - low) * way // (_WAYS + 1) for way in range(1, _WAYS + 1)]
    data = windows.at(low, min(high + _PROBE, windows.size) - low, ahead=0)
    chain = _chain(data, anchored=low == start)
    if chain is None or chain.cut:
        return None
    likely = [*reversed(chain.starts[-3:]), chain.stop]
    return next((low + offset for offset in likely if accepts(low + offset)), None)


def _narrowed(
    windows: Windows, low: int, high: int, points: Sequence[int], *, paired: bool
) -> tuple[int, int]:
    """Return the last place that is inside of the array and the first that is not."""
    for point, data in zip(points, windows.probes(points, _PROBE), strict=True):
        chain = _chain(data, anchored=False)
        if chain is None or not chain.cut or chain.paired != paired:
            return low, point
        low = point
    return low, high


def _chain(data: bytes, *, anchored: bool) -> _Chain | None:
    """Return the texts in a window, or None where there are none.

    Args:
        data: The window.
        anchored: Whether a text begins where the window does.
    """
    for start in range(1 if anchored else min(len(data), _LONGEST)):
        found = _chain_from(data, start)
        if found is not None:
            return found
    return None


def _chain_from(data: bytes, start: int) -> _Chain | None:
    starts: list[int] = []
    texts: list[bytes] = []
    at, cut = start, True
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 8], "little")
        text = data[at + 8 : at + 8 + length] if length <= _LONGEST else _LENGTH_INSIDE
        if _LENGTH_INSIDE in text:
            cut = False
            break
        if at + 8 + length > len(data):
            break
        if not text and not any(texts[-_EMPTY:]) and len(texts) >= _EMPTY:
            return None
        starts.append(at)
        texts.append(text)
        at += 8 + length
    if len(texts) < _CHAIN or 2 * sum(map(bool, texts)) < len(texts):
        return None
    paired = all(_PAIR.fullmatch(text) for text in texts)
    return _Chain(starts, at, cut, paired)
