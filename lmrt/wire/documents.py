"""What all documents have in common: a version, a kind, and errors that name the place."""

from collections.abc import Mapping
from typing import Any, TypeVar

from cattrs import Converter, transform_error
from cattrs.errors import BaseValidationError, ForbiddenExtraKeysError

from lmrt.domain.errors import ConfigurationError
from lmrt.domain.payloads import JsonObject

VERSION = 1
"""Raised when a document changes so that its readers have to."""

T = TypeVar("T")


def document(kind: str, body: Mapping[str, Any]) -> JsonObject:
    """Return a document of that kind."""
    return {"version": VERSION, "kind": kind, **body}


def read_document(converter: Converter, payload: Any, kind: str, into: type[T]) -> T:
    """Return the value that a document holds.

    Raises:
        ConfigurationError: It is none of that kind and version, or it does not have the form
            (`invalid-document`); each problem is named with its place.
    """
    if not isinstance(payload, Mapping):
        raise _invalid(kind, ["must be an object @ $"])
    for key, wanted in (("version", VERSION), ("kind", kind)):
        if payload.get(key) != wanted:
            raise _invalid(kind, [f"must be {wanted!r}, not {payload.get(key)!r} @ $.{key}"])
    body = {key: value for key, value in payload.items() if key not in ("version", "kind")}
    try:
        return converter.structure(body, into)
    except (BaseValidationError, ValueError) as error:
        problems = transform_error(error, path="$", format_exception=_problem)
        raise _invalid(kind, problems) from error


def _invalid(kind: str, problems: list[str]) -> ConfigurationError:
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return ConfigurationError(
        f"this is no {kind} document: {problems[0]}{more}",
        code="invalid-document",
        context={"kind": kind, "problems": problems},
    )


def _problem(error: BaseException, _kind: type | None) -> str:
    match error:
        case ForbiddenExtraKeysError():
            names = ", ".join(f"`{name}`" for name in sorted(error.extra_fields))
            return f"unknown key {names}"
        case KeyError():
            return "missing key"
        case _:
            return str(error)
