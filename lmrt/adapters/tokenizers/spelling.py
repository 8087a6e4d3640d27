"""How a vocabulary spells bytes: what one entry stands for, by the decoder of `tokenizer.json`.

A vocabulary that marks the start of words (`▁word` of SentencePiece, no `##` of WordPiece) gives
the space before the word, also at the very start of a text, where decoding a whole text would
strip one: `strips_first_space` tells.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

Spelling = Callable[[str], bytes]
"""From an entry of the vocabulary to its bytes."""

Step = Callable[[str], "str | bytes"]
"""One decoder; bytes are final."""

_BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2})>")


class UnknownDecoderError(ValueError):
    """The decoder is none of those that language models use; the argument is its type."""


def spelling(decoder: Mapping[str, Any] | None) -> Spelling:
    """Return the spelling of a vocabulary whose `tokenizer.json` has that decoder.

    Raises:
        UnknownDecoderError: The decoder cannot be taken apart token by token.
    """
    # Without a decoder, the library puts a space between tokens
    steps = [_spaced] if decoder is None else list(_steps(decoder))

    def spell(entry: str) -> bytes:
        for step in steps:
            value = step(entry)
            if isinstance(value, bytes):
                return value
            entry = value
        return entry.encode("utf-8")

    return spell


def strips_first_space(decoder: Mapping[str, Any] | None) -> bool:
    """Return whether decoding a whole text drops a space at its start."""
    fused = False
    for part in [] if decoder is None else _flat(decoder):
        match part:
            case {"type": "Fuse"}:
                fused = True
            case {"type": "Strip", "content": " ", "start": int(count)} if fused and count:
                return True
            case {"type": "Metaspace"}:
                # Older files have a flag in place of the scheme; without both it is `always`
                scheme = part.get("prepend_scheme")
                return scheme != "never" and part.get("add_prefix_space") is not False
            case _:
                pass
    return False


def spells_bytes(decoder: Mapping[str, Any] | None) -> bool:
    """Return whether the letters of the vocabulary's own entries stand for bytes."""
    return decoder is not None and any(part["type"] == "ByteLevel" for part in _flat(decoder))


def _steps(decoder: Mapping[str, Any]) -> Iterator[Step]:
    fused = False
    for part in _flat(decoder):
        match part:
            case {"type": "Fuse"}:
                fused = True
            case {"type": "Strip"} if fused:
                pass  # it concerns the ends of the whole text only
            case {"type": "ByteLevel"}:
                yield _byte_level
            case {"type": "ByteFallback"}:
                yield _byte_fallback
            case {"type": "Replace", "pattern": {"String": old}, "content": new}:
                yield _replacing(old, new)
            case {"type": "Metaspace", "replacement": mark}:
                yield _replacing(mark, " ")
            case {"type": "WordPiece", "prefix": prefix}:
                yield _joining(prefix)
            case {"type": "BPEDecoder", "suffix": suffix}:
                yield _replacing(suffix, " ")
            case _:
                raise UnknownDecoderError(str(part.get("type")))


def _flat(decoder: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if decoder.get("type") != "Sequence":
        yield decoder
        return
    for part in decoder["decoders"]:
        yield from _flat(part)


def _spaced(entry: str) -> str:
    return " " + entry


def _replacing(old: str, new: str) -> Step:
    return lambda entry: entry.replace(old, new)


def _joining(prefix: str) -> Step:
    return lambda entry: entry.removeprefix(prefix) if entry.startswith(prefix) else " " + entry


def _byte_fallback(entry: str) -> str | bytes:
    match = _BYTE_TOKEN.fullmatch(entry)
    return bytes([int(match[1], 16)]) if match else entry


def _byte_level(entry: str) -> bytes:
    letters = _letters_of_bytes()
    if all(letter in letters for letter in entry):
        return bytes(letters[letter] for letter in entry)
    return entry.encode("utf-8")


@cache
def _letters_of_bytes() -> dict[str, int]:
    """Return the letters that stand for bytes in byte-level vocabularies (GPT-2's table).

    A byte that is a visible Latin-1 letter stands for itself, the others for the letters from
    U+0100 on, in order.
    """
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in visible]
    table = {chr(byte): byte for byte in visible}
    return table | {chr(0x100 + place): byte for place, byte in enumerate(others)}
