"""Damage to sound files, as an attacker or a bad disk would do it."""

import ast
import copy
import re
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen
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

_VALUE = rb'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null'
_JSON_VALUE = re.compile(_VALUE)
_JSON_TOKEN = re.compile(_VALUE + rb"|[\[\]{}:,]")


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
        st.builds(_remove_token, at),
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


def _span(data: bytes, at: float, pattern: "re.Pattern[bytes]" = _JSON_TOKEN) -> tuple[int, int]:
    found = list(pattern.finditer(data))
    return found[int(at * len(found))].span() if found else (0, 0)


def _token(at: float, text: bytes) -> Mutation:
    def change(data: bytes) -> bytes:
        begin, end = _span(data, at, _JSON_VALUE)
        return data[:begin] + text + data[end:]

    return change


def _remove_token(at: float) -> Mutation:
    def change(data: bytes) -> bytes:
        begin, end = _span(data, at)
        return data[:begin] + data[end:]

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


TREE_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**31, 2**32 - 1, 2**63, 10**30, 0.5, 1e300, "", "a", "Ġ", "▁",
    "<|bos|>", "\0", "\x1b[2J", "x" * 5000, "(a+)+$", "(", ".*", [], {}, [None], [[[]]], [0],
    {"type": "Sequence"}, {"type": "ByteLevel"}, {"type": "Replace"}, {"String": ""},
    {"Regex": "("},
)  # fmt: skip
"""What may stand in place of any value of a JSON document."""


def tree_changes(most: int = 4) -> st.SearchStrategy[list[tuple[float, Any]]]:
    """Return changes for `changed_tree`: a place, and a value, or a place to take it from."""
    at = st.floats(0, 1, exclude_max=True)
    values = st.sampled_from(TREE_VALUES) | st.builds(Elsewhere, at)
    return st.lists(st.tuples(at, values), min_size=1, max_size=most)


@frozen
class Elsewhere:
    """The value at another place of the document."""

    at: float


def changed_tree(document: Any, changes: Sequence[tuple[float, Any]]) -> Any:
    """Return a JSON document with values replaced; it stays valid JSON."""
    document = copy.deepcopy(document)
    for at, value in changes:
        places = list(_places(document))
        container, key = places[int(at * len(places))]
        if isinstance(value, Elsewhere):
            source, name = places[int(value.at * len(places))]
            value = source[name]
        container[key] = copy.deepcopy(value)
    return document


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each value's container and key, those of long lists and tables only at their start."""
    match value:
        case dict():
            keys = list(value)[:40]
        case list():
            keys = list(range(min(len(value), 40)))
        case _:
            return
    for key in keys:
        yield value, key
        yield from _places(value[key])
