"""JSON files of a model's folder, checked."""

import json
import os
import stat
from collections import Counter
from pathlib import Path
from typing import Any, BinaryIO

from lmrt.domain.errors import LoadFailed
from lmrt.domain.filenames import inside
from lmrt.domain.files import DOWNLOAD_AGAIN, malformed_file, unreadable

MAX_DOCUMENT = 2**25
"""Bytes of the largest JSON that is read; real configurations stay far below."""
MAX_VALUES = 2**21
"""Commas and brackets of a JSON text, about as many as its values: each takes some 100 bytes. The
indexes and headers of the largest models have a million."""


def open_file(path: Path) -> BinaryIO:
    """Return a file, open for reading; a pipe, which may never end or even begin, is refused.

    Raises:
        LoadFailed: It is no ordinary file (`malformed-file`).
        OSError: It cannot be opened.
    """
    # A pipe that nobody writes to would not open otherwise
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise malformed_file(path, "is no ordinary file", hint="put the file itself there")
    return os.fdopen(descriptor, "rb")


def open_text(path: Path) -> BinaryIO:
    """Return a file whose content may come into a prompt, so that it must lie in its folder.

    A link among the files of a model could show a prompt any file of the user's.

    Raises:
        LoadFailed: It is no ordinary file, or a link out of its folder (`malformed-file`).
        OSError: It cannot be opened.
    """
    if path.is_symlink():
        root, real = Path(os.path.realpath(path.parent)), Path(os.path.realpath(path))
        if not inside(root, real):
            what = f"is a link to `{real}` outside of its folder"
            raise malformed_file(path, what, hint="put the file itself there")
    return open_file(path)


def read_document(path: Path) -> dict[str, Any] | None:
    """Return the JSON object in a file, or None where there is no file.

    Raises:
        LoadFailed: It is no JSON object (`malformed-file`), with line and column; or a link out of
            its folder.
        ConfigurationError: It may not be read (`unreadable-input`).
    """
    try:
        with open_text(path) as file:
            data = file.read(MAX_DOCUMENT + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(path, error) from error
    if len(data) > MAX_DOCUMENT:
        raise malformed_file(path, f"has more than {MAX_DOCUMENT:,} bytes")
    return parse_object(data, path)


def parse_object(data: bytes, path: Path, where: str = "") -> dict[str, Any]:
    """Return the JSON object that the bytes are.

    Args:
        data: The bytes.
        path: The file that they stand in, for errors.
        where: The part of the file that they are, for errors, such as ` in its header`.

    Raises:
        LoadFailed: They are no JSON object, or name a key twice (`malformed-file`).
    """
    if sum(map(data.count, (b",", b"[", b"{"))) > MAX_VALUES:
        raise malformed_file(path, f"holds more than {MAX_VALUES:,} values{where}")
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise malformed_file(
            path,
            f"is no JSON{where}: {error.msg} at line {error.lineno}, column {error.colno}",
            line=error.lineno,
            column=error.colno,
        ) from error
    except RecursionError as error:
        raise malformed_file(path, f"nests its JSON too deeply{where}") from error
    except ValueError as error:
        raise malformed_file(path, f"is no valid JSON{where}: {error}") from error
    if not isinstance(value, dict):
        raise malformed_file(path, f"holds no JSON object{where}")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key `{twice[:80]}` occurs twice")
    return result


class Settings:
    """The JSON object of one file, with getters that check kinds.

    Each getter takes several names, the first that is set counts, and returns None where none is;
    null is not set. Each raises `LoadFailed` (`malformed-file`) where the value is of another kind.

    Args:
        path: The file.
        values: Its object.
    """

    def __init__(self, path: Path, values: dict[str, Any]) -> None:
        self.path = path
        self.values = values

    def wrong(self, name: str, wanted: str) -> LoadFailed:
        """Return the error that a value is not what it must be."""
        shown = json.dumps(self.values.get(name))
        shown = shown if len(shown) <= 40 else shown[:40] + "…"
        return malformed_file(
            self.path, f"sets `{name}` to {shown}, but it must be {wanted}",
            hint=DOWNLOAD_AGAIN, key=name,
        )  # fmt: skip

    def _get(self, names: tuple[str, ...]) -> tuple[str, Any]:
        for name in names:
            value = self.values.get(name)
            if value is not None:
                return name, value
        return "", None

    def count(self, *names: str) -> int | None:
        """Return a whole number from 0 up that fits into 31 bits."""
        name, value = self._get(names)
        return None if value is None else self._as_count(name, value)

    def counts(self, *names: str) -> int | tuple[int, ...] | None:
        """Return a count, or several where the value is a list."""
        name, value = self._get(names)
        if isinstance(value, list):
            return tuple(self._as_count(name, item) for item in value)
        return None if value is None else self._as_count(name, value)

    def text(self, *names: str) -> str | None:
        """Return a text."""
        name, value = self._get(names)
        if value is not None and not isinstance(value, str):
            raise self.wrong(name, "a text")
        return value

    def texts(self, *names: str) -> tuple[str, ...] | None:
        """Return a list of texts."""
        name, value = self._get(names)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.wrong(name, "a list of texts")
        return tuple(value)

    def truth(self, *names: str) -> bool | None:
        """Return true or false."""
        name, value = self._get(names)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(name, "true or false")
        return value

    def table(self, *names: str) -> "Settings | None":
        """Return an object within this one."""
        name, value = self._get(names)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong(name, "an object")
        return Settings(self.path, value)

    def _as_count(self, name: str, value: Any) -> int:
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or not 0 <= value < 2**31:
            raise self.wrong(name, "a whole number from 0 up")
        return int(value)
