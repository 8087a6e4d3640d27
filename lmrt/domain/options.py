"""Checks of option values, shared by every configuration value."""

import math
from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

from attrs import Attribute

from lmrt.domain.errors import ConfigurationError

Validator = Callable[[Any, "Attribute[Any]", Any], None]
Choice = TypeVar("Choice", bound=StrEnum)


def invalid_option(name: str, value: object, wanted: str) -> ConfigurationError:
    """Return the error for an option whose value is outside its range."""
    option = name.replace("_", "-")
    return ConfigurationError(
        f"`{option}` is {value!r}, but must be {wanted}",
        code="invalid-option",
        context={"option": option, "value": str(value), "wanted": wanted},
        hint=f"give `{option}` {wanted}",
    )


def between(low: float, high: float = math.inf, *, above: bool = False) -> Validator:
    """Return a validator of None or a finite number in the range; `above` excludes `low`."""
    bounds = f"above {low:g}" if above else f"from {low:g}"
    wanted = f"a number {bounds}" + (f" to {high:g}" if high < math.inf else "")

    def check(_instance: Any, attribute: "Attribute[Any]", value: float | None) -> None:
        if value is None:
            return
        numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not numeric or not math.isfinite(value) or not low <= value <= high:
            raise invalid_option(attribute.name, value, wanted)
        if above and value == low:
            raise invalid_option(attribute.name, value, wanted)

    return check


def whole(low: int, high: int | None = None) -> Validator:
    """Return a validator of None or a whole number in the range."""
    wanted = f"a whole number from {low}" + (" up" if high is None else f" to {high}")

    def check(_instance: Any, attribute: "Attribute[Any]", value: int | None) -> None:
        if value is None:
            return
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            raise invalid_option(attribute.name, value, wanted)
        if high is not None and value > high:
            raise invalid_option(attribute.name, value, wanted)

    return check


def non_empty_texts(_instance: Any, attribute: "Attribute[Any]", value: Any) -> None:
    """Accept None or a sequence of non-empty strings."""
    if value is not None and not all(isinstance(text, str) and text for text in value):
        raise invalid_option(attribute.name, value, "one or more non-empty texts")


def non_empty_text(_instance: object, attribute: "Attribute[Any]", value: str | None) -> None:
    """Accept None or a string that is not blank."""
    if value is not None and not str(value).strip():
        raise invalid_option(attribute.name, value, "a non-empty text")


def choice(kind: type[Choice], name: str, value: str) -> Choice:
    """Return the member of `kind` with that value.

    Raises:
        ConfigurationError: There is none (`invalid-option`); the message names the members.
    """
    try:
        return kind(value)
    except ValueError:
        wanted = "one of " + ", ".join(f"`{member}`" for member in kind)
        raise invalid_option(name, value, wanted) from None
