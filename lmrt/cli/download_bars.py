"""The bars of a download: one for each file that is coming, one for all of them."""

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from lmrt.cli.terminal import for_terminal
from lmrt.domain.downloads import DownloadStarted
from lmrt.domain.sizes import format_size

_NAME = 32
"""Letters of a file's name that are shown: its end, which tells files apart."""


class _Speed(ProgressColumn):
    """Bytes a second, in the units of everything else; nothing before it is known."""

    def render(self, task: Task) -> Text:
        """Return the column of one bar."""
        speed = task.finished_speed or task.speed
        text = "" if speed is None else f"{format_size(int(speed))}/s"
        return Text(text, style="progress.data.speed")


class DownloadBars:
    """Bars on stderr, which must be a terminal; each with speed and time left.

    Args:
        started: What is downloaded.
        console: Where to draw. Default: stderr.
    """

    def __init__(self, started: DownloadStarted, console: Console | None = None) -> None:
        self._done = {file.name: file.present for file in started.files}
        self._tasks: dict[str, TaskID] = {}
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            DownloadColumn(binary_units=True),
            _Speed(),
            TimeRemainingColumn(compact=True),
            console=console or Console(stderr=True),
            transient=True,
        )
        self._bars.start()
        self._total = self._bars.add_task("total", total=started.total, completed=started.present)

    @property
    def tasks(self) -> list[Task]:
        """The bars as they stand."""
        return self._bars.tasks

    def show(self, file: str, done: int, size: int) -> None:
        """Show how far a file is."""
        if file not in self._tasks and done < size:
            before = self._done.get(file, 0)
            self._tasks[file] = self._bars.add_task(_shown(file), total=size, completed=before)
        if file in self._tasks:
            self._bars.update(self._tasks[file], completed=done, visible=done < size)
        self._done[file] = done
        self._bars.update(self._total, completed=sum(self._done.values()))

    def say(self, text: str) -> None:
        """Write a line above the bars."""
        self._bars.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        """Take the bars away."""
        self._bars.stop()


def _shown(name: str) -> str:
    name = for_terminal(name)
    return name if len(name) <= _NAME else f"…{name[-_NAME + 1 :]}"
