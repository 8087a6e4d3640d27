"""One table of a data file, read key by key; what is not asked for is refused."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lmrt.domain.errors import ConfigurationError, LoadFailed
from lmrt.domain.files import malformed_file
from lmrt.domain.references import HubRepository, interpretations

_MEND = "mend that key"


class Fields:
    """A table with the place that it stands in.

    Every method raises `LoadFailed` (`malformed-file`) where a value is missing or of another kind.

    Args:
        path: The file.
        place: The keys that lead to the table, with a dot at their end, for errors.
        table: What stands there.
    """

    def __init__(self, path: Path, place: str, table: Mapping[str, Any]) -> None:
        self._path = path
        self._place = place
        self._left = dict(table)

    def text(self, key: str, *, default: str | None = None) -> str:
        """Return a text that is not empty."""
        value = self._left.pop(key, default)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, value, "a text")
        return value

    def texts(self, key: str, *, default: tuple[str, ...] | None) -> tuple[str, ...]:
        """Return a list of texts; None as default where it may not be left out."""
        if default is not None and key not in self._left:
            return default
        value = self._left.pop(key, None)
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            raise self.wrong(key, value, "a list of texts")
        return tuple(value)

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self._left.pop(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, value, "true or false")
        return value

    def number(self, key: str) -> int:
        """Return a whole number of at least 1."""
        value = self._left.pop(key, None)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.wrong(key, value, "a whole number of at least 1")
        return value

    def optional_number(self, key: str) -> int | None:
        """Return a whole number of at least 1, or None where the key is left out."""
        return self.number(key) if key in self._left else None

    def tables(self, key: str) -> tuple["Fields", ...]:
        """Return a list of at least one table."""
        value = self._left.pop(key, None)
        if not isinstance(value, list) or not value or not all(isinstance(t, dict) for t in value):
            raise self.wrong(key, value, "a list of tables")
        return tuple(
            Fields(self._path, f"{self._place}{key}[{at}].", table)
            for at, table in enumerate(value)
        )

    def repository(self, key: str) -> HubRepository | None:
        """Return a repository, or None where the key is left out."""
        return self._repository(key, self._left.pop(key)) if key in self._left else None

    def repositories(self, key: str) -> dict[str, HubRepository]:
        """Return a table of repositories, empty where the key is left out."""
        value = self._left.pop(key, {})
        if not isinstance(value, dict):
            raise self.wrong(key, value, "a table of repositories")
        return {name: self._repository(f"{key}.{name}", one) for name, one in value.items()}

    def refuse_others(self) -> None:
        """Refuse the keys that nobody asked for."""
        for key in self._left:
            raise malformed_file(
                self._path, f"has an unknown key `{self._place}{key}`", hint="remove or rename it"
            )

    def wrong(self, key: str, value: object, wanted: str) -> LoadFailed:
        """Return the error for a value."""
        what = f"has {value!r} as `{self._place}{key}`, which must be {wanted}"
        return malformed_file(self._path, what, hint=_MEND)

    def _repository(self, key: str, value: object) -> HubRepository:
        wanted = "a repository `org/name`, `org/name@revision` or `org/name:variant`"
        if not isinstance(value, str):
            raise self.wrong(key, value, wanted)
        try:
            (reading,) = interpretations(f"hf:{value}")
        except ConfigurationError as error:
            raise self.wrong(key, value, wanted) from error
        if not isinstance(reading, HubRepository):
            raise self.wrong(key, value, wanted)
        return reading
