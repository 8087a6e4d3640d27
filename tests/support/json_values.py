"""Checks of JSON documents."""

from collections.abc import Iterator
from typing import Any

PLAIN = (dict, list, str, int, float, bool, type(None))


def not_plain(value: Any, place: str = "$") -> list[str]:
    """Return the places that hold anything but JSON's own types, not even subclasses of them."""
    found = [] if type(value) in PLAIN else [f"{type(value).__name__} @ {place}"]
    for name, inner in _items(value):
        found += not_plain(inner, f"{place}.{name}")
    return found


def objects_in(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every JSON object in a value, itself included."""
    if isinstance(value, dict):
        yield value
    for _, inner in _items(value):
        yield from objects_in(inner)


def _items(value: Any) -> list[tuple[Any, Any]]:
    match value:
        case dict():
            return list(value.items())
        case list():
            return list(enumerate(value))
        case _:
            return []
