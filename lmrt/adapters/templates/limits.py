"""How much a template may do: a program from outside must not run, or grow, without end.

Everything that repeats or enlarges spends from the budget of its rendering: rounds of loops, calls,
filters, operators on texts and lists, and what is written. Python's own limit ends recursion.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from string import Formatter
from typing import Any

from jinja2.exceptions import SecurityError

STEPS = 5_000_000
"""Rounds and calls of one rendering; a conversation of 1,000 turns takes some 100,000."""

LETTERS = 2**26
"""Letters of all texts that one rendering makes."""

MAX_SIZE = 2**24
"""Letters or entries of one text or list, and the largest number that may size one."""

_CALL, _ENTRY = 20, 4
"""Steps that a call takes, and an entry of a list that is written: they are slower than a round."""

_MAX_BITS = 4096
_WIDE = re.compile(r"%(\([^)]*\))?[-#0 +]*\d*\.?(\*|\d{5})")
_FIVE_DIGITS = re.compile(r"\d{5}")


class Budget:
    """What is left of one rendering's steps and letters."""

    def __init__(self) -> None:
        self._steps = STEPS
        self._letters = LETTERS

    def take(self, steps: int = 1) -> None:
        """Spend steps."""
        self._steps -= steps
        if self._steps < 0:
            raise _too_much(f"takes more than {STEPS:,} steps")

    def write(self, letters: int) -> None:
        """Spend letters."""
        self._letters -= letters
        if self._letters < 0:
            raise _too_much(f"makes more than {LETTERS:,} letters of text")


_BUDGET: ContextVar[Budget | None] = ContextVar("budget", default=None)


@contextmanager
def budget() -> Iterator[None]:
    """Give what is rendered inside the block a budget of its own."""
    token = _BUDGET.set(Budget())
    try:
        yield
    finally:
        _BUDGET.reset(token)


def take(steps: int = 1) -> None:
    """Spend steps of the present rendering; constants are computed before there is one."""
    if (present := _BUDGET.get()) is not None:
        present.take(steps)


def counted(iterable: Any, cost: int = 1) -> Any:
    """Return what a loop goes over, each round paid for; `cost` is in steps."""
    try:
        count = len(iterable)
    except TypeError:
        return _counted(iterable, cost) if hasattr(iterable, "__next__") else iterable
    take(count * cost)
    return iterable


def _counted(iterator: Iterator[Any], cost: int) -> Iterator[Any]:
    for item in iterator:
        take(cost)
        yield item


def made(value: Any) -> Any:
    """Return a value that was made or is written, its letters and entries paid for."""
    present = _BUDGET.get()
    if present is not None:
        if isinstance(value, str):
            present.write(len(value))
        elif isinstance(value, dict | list | tuple):
            _weigh(value, present)
    return value


def _weigh(value: Any, present: Budget) -> None:
    """Pay for everything in a value, as often as its text would show it."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        present.take(_ENTRY)
        if isinstance(item, str):
            present.write(len(item))
        elif isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple):
            waiting += item


def operate(operator: str, left: Any, right: Any) -> None:
    """Refuse an operation whose result would be too large."""
    match operator, left, right:
        case "*", int(), int():
            too_large = left.bit_length() + right.bit_length() > _MAX_BITS
        case "**", int(), int():
            too_large = left.bit_length() * right > _MAX_BITS
        case "*", int(), _ if hasattr(right, "__len__"):
            too_large = left * len(right) > MAX_SIZE
        case "*", _, int() if hasattr(left, "__len__"):
            too_large = len(left) * right > MAX_SIZE
        case "%", str(), _:
            too_large = _WIDE.search(left) is not None
        case "+", str() | list() | tuple(), str() | list() | tuple():
            too_large = len(left) + len(right) > MAX_SIZE
        case _:
            return
    if too_large:
        raise _too_much(f"makes something too large with `{operator}`")


def call(name: str, text: Any, arguments: tuple[Any, ...]) -> None:
    """Refuse a method or a filter of a text whose result would be too large.

    Args:
        name: Its name.
        text: What it is applied to.
        arguments: Its other arguments.
    """
    take(_CALL)
    if any(isinstance(value, int) and abs(value) > MAX_SIZE for value in arguments):
        raise _too_much(f"gives `{name}` too large a number")
    size = 0
    match name, text, arguments:
        case "replace", str(), (str(old), str(new), *_):
            size = len(text) + text.count(old) * len(new)
        case "join", str(), (list() | tuple() as parts, *_):
            size = _joined(parts, len(text))
        case "join", list() | tuple(), _:
            glue = arguments[0] if arguments else ""
            size = _joined(text, len(glue) if isinstance(glue, str) else 0)
        case (("format" | "format_map"), str(), _) if _wide(text):
            size = MAX_SIZE + 1
        case (("indent" | "expandtabs" | "wordwrap"), str(), (int(width), *_)):
            size = (1 + text.count("\n") + text.count("\t")) * width
        case (("translate" | "wordwrap" | "xmlattr" | "urlize"), str(), _):
            size = 8 * len(text)
        case _:
            pass
    if size > MAX_SIZE:
        raise _too_much(f"makes something too large with `{name}`")


def _wide(text: str) -> bool:
    """Return whether a format may ask for any width, of the filter's or of the method's kind."""
    try:
        specs = [spec or "" for _, _, spec, _ in Formatter().parse(text)]
    except ValueError:
        specs = []
    return _WIDE.search(text) is not None or any(
        "{" in spec or _FIVE_DIGITS.search(spec) for spec in specs
    )


def _joined(parts: Any, glue: int) -> int:
    return sum(glue + (len(part) if isinstance(part, str) else 0) for part in parts)


def bounded_filter(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that pays for what it does."""
    own = 1 if hasattr(function, "jinja_pass_arg") else 0

    @wraps(function)
    def bounded(*arguments: Any, **named: Any) -> Any:
        value = arguments[own] if len(arguments) > own else None
        call(name, value, (*arguments[own + 1 :], *named.values()))
        if name in _SHOWING:
            made(value)
        return made(function(*arguments, **named))

    return bounded


_SHOWING = frozenset({"tojson", "string", "pprint", "join", "escape", "e", "forceescape", "safe"})
"""Filters that write out whatever they are given, entry by entry."""


def _too_much(what: str) -> SecurityError:
    return SecurityError(f"it {what}")
