"""What is read of repositories before anything is downloaded: a line for each of them."""

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn

from lmrt.cli.terminal import for_terminal
from lmrt.domain.downloads import ReadingHeaders
from lmrt.domain.sizes import format_size


class HeaderLines:
    """Lines on stderr, which must be a terminal.

    Args:
        console: Where to draw. Default: stderr.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._tasks: dict[str, TaskID] = {}
        self._lines = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            console=console or Console(stderr=True),
            transient=True,
        )
        self._lines.start()

    @property
    def texts(self) -> list[str]:
        """The lines as they stand."""
        return [task.description for task in self._lines.tasks]

    def show(self, event: ReadingHeaders) -> None:
        """Show how much has come of a repository."""
        text = header_text(event)
        if event.repository in self._tasks:
            self._lines.update(self._tasks[event.repository], description=text)
        else:
            self._tasks[event.repository] = self._lines.add_task(text, total=None)

    def close(self) -> None:
        """Take the lines away."""
        self._lines.stop()


def header_text(event: ReadingHeaders) -> str:
    """Return what is read of a repository, in one line."""
    name = for_terminal(event.repository)
    if not event.fetched:
        return f"asking the Hub for `{name}`"
    return f"reading headers of `{name}`, {format_size(event.fetched)} so far"
