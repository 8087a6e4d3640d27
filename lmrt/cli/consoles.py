"""The console of tables; imported only where one is printed."""

from typing import Any

from rich.console import Console
from rich.text import Text

from lmrt.cli.terminal import for_terminal


class TableConsole(Console):
    """A console that leaves a closed pipe to the edge, as every other output does.

    Rich's own ends the process with 1. Names of files come from outside: what could drive a
    terminal is left out of every text.
    """

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a text, or a table's cell, as it is shown."""
        return super().render_str(for_terminal(text), **options)

    def on_broken_pipe(self) -> None:
        """Pass the error on."""
        raise BrokenPipeError
