"""Documents in files: machines and plans that are kept to be used again."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from lmrt.domain.errors import ConfigurationError
from lmrt.domain.files import unreadable

T = TypeVar("T")

_LARGEST = 64 * 2**20
"""Bytes of the largest document that is read; real ones have some hundred thousand."""


def read_saved(path: Path, decode: Callable[[Any], T]) -> T:
    """Return what a document in a file holds.

    Args:
        path: The file.
        decode: Reads the document; raises `ConfigurationError` where it is another.

    Raises:
        ConfigurationError: The file cannot be read (`unreadable-input`), or holds something else
            (`invalid-document`).
    """
    place = path.expanduser()
    try:
        with place.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise unreadable(path, error) from error
    if len(data) > _LARGEST:
        raise _invalid(path, "it is larger than any such document")
    try:
        payload = json.loads(data.decode("utf-8"), parse_constant=_no_number)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise _invalid(path, f"it is no JSON: {error}") from error
    try:
        return decode(payload)
    except ConfigurationError as error:
        raise _invalid(path, error.message) from error


def write_saved(path: Path, document: Mapping[str, Any]) -> None:
    """Write a document to a file, whole or not at all.

    Raises:
        ConfigurationError: The file cannot be written (`unwritable-output`).
    """
    from lmrt.bootstrap.machine import write_whole

    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        write_whole(path.expanduser(), text.encode())
    except OSError as error:
        raise ConfigurationError(
            f"`{path}` cannot be written: {error.strerror or error}",
            code="unwritable-output",
            context={"path": str(path)},
            hint="choose a path in a folder that exists and that you may write to",
        ) from error


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _invalid(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"`{path}`: {why}",
        code="invalid-document",
        context={"path": str(path)},
        hint="save it again: `rt doctor --save` writes machines, `rt plan --save` plans",
    )
