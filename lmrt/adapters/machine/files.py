"""Reads the small text files in which Linux describes itself."""

from pathlib import Path

from attrs import field, frozen


@frozen
class SystemFiles:
    """The file system below a root.

    Attributes:
        root: `/`, or a folder that stands in for it.
        findings: Collects what is there but cannot be read, one line each.
    """

    root: Path
    findings: list[str] = field(factory=list)

    def text(self, path: str) -> str | None:
        """Return what the file holds, or None where it is missing or cannot be read."""
        try:
            return (self.root / path).read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            self.findings.append(f"`/{path}` cannot be read: {error.strerror or error}")
            return None

    def number(self, path: str) -> int | None:
        """Return the whole number that the file holds, or None where it holds none."""
        return whole_number(self.text(path))

    def table(self, path: str, separator: str | None = None) -> dict[str, str]:
        """Return the lines of the file as names and values; empty where there is no file."""
        lines = [line.split(separator, 1) for line in (self.text(path) or "").splitlines()]
        return {cells[0].strip(): cells[1].strip() for cells in lines if len(cells) == 2}

    def exists(self, path: str) -> bool:
        """Return whether there is such a file."""
        return (self.root / path).exists()


def whole_number(text: str | None) -> int | None:
    """Return the number that the text is, or None."""
    stripped = (text or "").strip()
    return int(stripped) if stripped.isascii() and stripped.isdigit() else None
