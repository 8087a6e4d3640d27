"""What a download is doing: bars on a terminal, a line at its start and its end elsewhere."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from lmrt.cli.edge import interrupted
from lmrt.cli.exit_codes import ExitCode
from lmrt.cli.terminal import for_terminal, say
from lmrt.domain.downloads import (
    DownloadDone,
    DownloadEvent,
    DownloadRetried,
    DownloadStarted,
    DownloadWaiting,
    FileProgress,
    HeadersRead,
    ReadingHeaders,
)
from lmrt.domain.sizes import format_size

if TYPE_CHECKING:
    from lmrt.cli.download_bars import DownloadBars
    from lmrt.cli.header_lines import HeaderLines

_CLEAR = "\r\x1b[K"

_KEPT = "interrupted; what was downloaded is kept, and the same command goes on"


class DownloadDisplay:
    """Tells of downloads on stderr, and of headers that are read; a `DownloadProgress`.

    Args:
        silent: Whether nothing is written at all.

    Attributes:
        downloading: Whether a download has begun and not ended.
    """

    def __init__(self, *, silent: bool) -> None:
        self.downloading = False
        self._silent = silent
        self._bars: DownloadBars | None = None
        self._headers: HeaderLines | None = None
        self._began = 0.0

    def on_event(self, event: DownloadEvent) -> None:
        """Take one event."""
        match event:
            case ReadingHeaders():
                self._read_headers(event)
            case HeadersRead():
                self._end_of_headers()
            case DownloadWaiting(repository):
                self._say(f"another process downloads from `{repository}`; waiting for it")
            case DownloadStarted():
                self._start(event)
            case FileProgress(file, done, size):
                if self._bars is not None:
                    self._bars.show(file, done, size)
            case DownloadRetried(file, reason, seconds):
                self._say(f"`{file}`: {reason}; trying again in {seconds:.0f} s")
            case DownloadDone():
                self._end(event)

    def close(self) -> None:
        """Take away lines and bars, whether or not what they tell of has ended."""
        self._end_of_headers()
        if self._bars is not None:
            self._bars.close()
            self._bars = None

    def interrupted(self, *, json: bool) -> NoReturn:
        """Say that the user stopped the command and leave at once, whatever still runs."""
        self.close()
        interrupted(json=json, what=self.last_words)
        os._exit(ExitCode.INTERRUPTED)

    @property
    def last_words(self) -> str:
        """What is said where the user stops the command."""
        return _KEPT if self.downloading else "interrupted"

    def _read_headers(self, event: ReadingHeaders) -> None:
        if self._silent or not sys.stderr.isatty():
            return
        if self._headers is None:
            from lmrt.cli.header_lines import HeaderLines

            self._headers = HeaderLines()
        self._headers.show(event)

    def _end_of_headers(self) -> None:
        if self._headers is not None:
            self._headers.close()
            self._headers = None

    def _start(self, event: DownloadStarted) -> None:
        self.downloading = True
        self._began = time.monotonic()
        self._say(started_line(event))
        if not self._silent and sys.stderr.isatty():
            from lmrt.cli.download_bars import DownloadBars

            self._bars = DownloadBars(event)

    def _end(self, event: DownloadDone) -> None:
        self.downloading = False
        self.close()
        if event.fetched:
            seconds = time.monotonic() - self._began
            self._say(f"downloaded {format_size(event.fetched)} in {seconds:,.0f} s, verified")

    def _say(self, text: str) -> None:
        if self._silent:
            return
        text = for_terminal(text)
        if self._bars is not None:
            self._bars.say(text)
        else:
            # What is written over and over on the same line gives way
            say(_CLEAR + text if sys.stderr.isatty() else text)


@contextmanager
def downloads_shown(*, silent: bool) -> Iterator[DownloadDisplay]:
    """Lend a display of downloads, and take it away at the end, whatever the end is."""
    display = DownloadDisplay(silent=silent)
    try:
        yield display
    finally:
        display.close()


def started_line(event: DownloadStarted) -> str:
    """Return what will be fetched, and how much of it is here already."""
    missing = [file for file in event.files if file.present < file.size]
    noun = "file" if len(missing) == 1 else "files"
    left = format_size(event.total - event.present)
    line = f"downloading {left} in {len(missing)} {noun} from `{event.repository}`"
    return f"{line}; {format_size(event.present)} are here already" if event.present else line
