"""Writing to the terminal: answers to stdout, everything else to stderr."""

import os
import sys
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING

from lmrt.domain.errors import LmrtError, NoExecutablePlan
from lmrt.domain.notices import Notice

if TYPE_CHECKING:
    from rich.console import Console

_RED, _YELLOW, _CYAN = "31", "33", "36"
_CONTROL = {code: None for code in (*range(32), 127, *range(128, 160)) if chr(code) not in "\t\n"}


def error_text(error: LmrtError, *, color: bool = False) -> str:
    """Return an error for people: code and message, then rejections, note and hint."""
    lines = [f"{_paint('error', _RED, color)}[{error.code}]: {for_terminal(error.message)}"]
    if isinstance(error, NoExecutablePlan):
        lines += [f"  {for_terminal(line)}" for line in _rejections(error)]
    for name, text in (("note", error.note), ("hint", error.hint)):
        if text:
            first, *rest = for_terminal(text).splitlines()
            lines.append(f"  {_paint(name, _CYAN, color)}: {first}")
            lines += [f"        {line}" for line in rest]
    return "\n".join(lines)


def show_error(error: LmrtError) -> None:
    """Write an error to stderr."""
    say(error_text(error, color=uses_color(sys.stderr)))


def show_notice(notice: Notice) -> None:
    """Write a notice to stderr."""
    label = _paint("notice", _YELLOW, uses_color(sys.stderr))
    say(f"{label}[{notice.code}]: {for_terminal(notice.message)}")


def say(text: str) -> None:
    """Write a line to stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def for_terminal(text: str) -> str:
    """Return a model's text without the control characters that could drive a terminal."""
    return text.translate(_CONTROL)


def uses_color(stream: IO[str]) -> bool:
    """Return whether colour may be written: to a terminal that does not forbid it."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def table_console() -> "Console":
    """Return a console for tables on stdout, as wide as needed where that is no terminal."""
    from lmrt.cli.consoles import TableConsole

    if sys.stdout.isatty():
        return TableConsole()
    return TableConsole(width=200, color_system=None, force_terminal=False)


def print_json(document: object) -> None:
    """Write one JSON document to stdout."""
    import json

    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _paint(text: str, code: str, color: bool) -> str:
    return f"\x1b[1;{code}m{text}\x1b[0m" if color else text


def _rejections(error: NoExecutablePlan) -> Sequence[str]:
    from lmrt.cli.explain import counterfactual_lines
    from lmrt.cli.ledger import ledger_lines

    would = (f"would run: {line}" for line in counterfactual_lines(error.counterfactuals))
    return [*ledger_lines(error.rejected), *would]
