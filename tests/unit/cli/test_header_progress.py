"""Whoever waits at a terminal for headers sees which repository is read; nobody else is told."""

import io

import pytest
from rich.console import Console

from lmrt.cli.download_progress import downloads_shown
from lmrt.cli.header_lines import HeaderLines
from lmrt.domain.downloads import DownloadEvent, HeadersRead, ReadingHeaders

EVENTS: tuple[DownloadEvent, ...] = (
    ReadingHeaders("org/one", 0),
    ReadingHeaders("org/two", 0),
    ReadingHeaders("org/one", 3 * 2**20),
    HeadersRead(),
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, *, silent: bool) -> str:
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with downloads_shown(silent=silent) as display:
        for event in EVENTS:
            display.on_event(event)
    return stream.getvalue()


def test_a_terminal_is_told_at_once_and_has_its_cursor_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = told(monkeypatch, Terminal(), silent=False)
    assert "`org/one`" in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


@pytest.mark.parametrize(
    ("stream", "silent"), [(io.StringIO(), False), (io.StringIO(), True), (Terminal(), True)]
)
def test_a_pipe_and_silence_get_nothing(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, silent: bool
) -> None:
    assert told(monkeypatch, stream, silent=silent) == ""


def test_each_repository_has_a_line_with_its_bytes() -> None:
    lines = HeaderLines(Console(file=io.StringIO(), force_terminal=True, width=100))
    for event in EVENTS:
        if isinstance(event, ReadingHeaders):
            lines.show(event)
    assert lines.texts == [
        "reading headers of `org/one`, 3.00 MiB so far",
        "asking the Hub for `org/two`",
    ]
    lines.show(ReadingHeaders("org/\x1b]0;x\x07", 0))
    assert "\x1b" not in lines.texts[-1]
    lines.close()
