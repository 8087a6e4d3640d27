"""Damage to sound files, as an attacker or a bad disk would do it."""

import ast
import re
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

from hypothesis import strategies as st

Mutation = Callable[[bytes], bytes]

NUMBERS = (0, 1, 2, 31, 32, 255, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**60, 2**63 - 1, 2**63)

JSON_TOKENS = tuple(
    text.encode("utf-8", "surrogatepass")
    for text in (
        "null", "true", "{}", "[]", '""', "-1", "0", "1e999", "-0.0", "0.5", "NaN", "Infinity",
        "9" * 5000, "1" + "0" * 30, "2147483648", "9223372036854775808", '"\\ud800"', '"\\u0000"',
        '"\\u001b[2J"', '"../../etc/passwd"', '"/etc/passwd"', '"' + "a" * 10_000 + '"',
        "[" * 2000, '{"a":' * 2000, "[[[]]]", "[1,2,3]", "[-1]", '{"a":1,"a":2}', '[null]',
        "\ud800",
    )
)  # fmt: skip
"""What may stand in place of any number, text or word of a JSON file."""

_JSON_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[\[\]{}:,]')


def mutations(size: int, others: Sequence[bytes]) -> st.SearchStrategy[list[Mutation]]:
    """Return changes to a binary file.

    Args:
        size: Bytes at its start that are changed.
        others: Sound files, of which parts may come into it.
    """
    places = st.integers(0, size)
    words = st.sampled_from(NUMBERS).map(lambda value: struct.pack("<Q", value))
    lengths = st.integers(1, 64)
    one = st.one_of(
        st.builds(_flip, places, st.integers(0, 7)),
        st.builds(_put, places, words),
        st.builds(_put, places, words.map(lambda word: word[:4])),
        st.builds(_put, places, st.binary(min_size=1, max_size=4)),
        st.builds(_remove, places, lengths),
        st.builds(_repeat, places, lengths, st.integers(1, 20)),
        st.builds(_splice, places, st.sampled_from(others), places, lengths),
        st.builds(_cut, places),
    )
    return st.lists(one, min_size=1, max_size=6)


def json_mutations(most: int = 4) -> st.SearchStrategy[list[Mutation]]:
    """Return changes to a JSON text: its tokens replaced, repeated, removed and swapped."""
    at = st.floats(0, 1, exclude_max=True)
    one = st.one_of(
        st.builds(_token, at, st.sampled_from(JSON_TOKENS)),
        st.builds(_token, at, st.just(b"")),
        st.builds(_swap, at, at),
        st.builds(_double, at, at),
    )
    return st.lists(one, min_size=1, max_size=most)


def mutated(data: bytes, changes: Sequence[Mutation]) -> bytes:
    """Return the file with all changes, one after the other."""
    for change in changes:
        data = change(data)
    return data


def constants(folder: Path, pattern: str) -> list[str]:
    """Return the texts in the source files of a folder that match: the keys that a reader knows."""
    found = {
        node.value
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return sorted(text for text in found if re.fullmatch(pattern, text))


def _flip(at: int, bit: int) -> Mutation:
    def change(data: bytes) -> bytes:
        return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :] if at < len(data) else data

    return change


def _put(at: int, word: bytes) -> Mutation:
    return lambda data: data[:at] + word + data[at + len(word) :]


def _remove(at: int, count: int) -> Mutation:
    return lambda data: data[:at] + data[at + count :]


def _repeat(at: int, count: int, times: int) -> Mutation:
    return lambda data: data[:at] + data[at : at + count] * times + data[at:]


def _splice(at: int, other: bytes, start: int, count: int) -> Mutation:
    return lambda data: data[:at] + other[start : start + count] + data[at + count :]


def _cut(at: int) -> Mutation:
    return lambda data: data[:at]


def _span(data: bytes, at: float) -> tuple[int, int]:
    found = list(_JSON_TOKEN.finditer(data))
    return found[int(at * len(found))].span() if found else (0, 0)


def _token(at: float, text: bytes) -> Mutation:
    def change(data: bytes) -> bytes:
        begin, end = _span(data, at)
        return data[:begin] + text + data[end:]

    return change


def _swap(one: float, other: float) -> Mutation:
    def change(data: bytes) -> bytes:
        (begin, end), (start, stop) = sorted((_span(data, one), _span(data, other)))
        if end > start:
            return data
        return data[:begin] + data[start:stop] + data[end:start] + data[begin:end] + data[stop:]

    return change


def _double(one: float, other: float) -> Mutation:
    """Repeat what lies between two tokens, such as a key with its value."""

    def change(data: bytes) -> bytes:
        begin, end = (
            min(_span(data, one)[0], _span(data, other)[0]),
            max(_span(data, one)[1], _span(data, other)[1]),
        )
        part = data[begin : min(end, begin + 2000)]
        return data[:end] + b"," + part + data[end:]

    return change
