"""The console of tables; imported only where one is printed."""

from rich.console import Console


class TableConsole(Console):
    """A console that leaves a closed pipe to the edge, as every other output does.

    Rich's own ends the process with 1.
    """

    def on_broken_pipe(self) -> None:
        """Pass the error on."""
        raise BrokenPipeError
