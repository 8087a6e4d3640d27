"""What is shown of a download: bars on a terminal, lines in a pipe, nothing where it is silent."""

import io

import pytest
from rich.console import Console

from lmrt.cli.download_bars import DownloadBars
from lmrt.cli.download_progress import downloads_shown
from lmrt.domain.downloads import (
    DownloadDone,
    DownloadEvent,
    DownloadFile,
    DownloadRetried,
    DownloadStarted,
    DownloadWaiting,
    FileProgress,
)

MIB = 2**20
STARTED = DownloadStarted(
    "org/name",
    (
        DownloadFile("config.json", MIB, MIB),
        DownloadFile("a.gguf", 4 * MIB, MIB),
        DownloadFile("b.gguf", 2 * MIB),
    ),
)
EVENTS: tuple[DownloadEvent, ...] = (
    DownloadWaiting("org/name"),
    STARTED,
    FileProgress("a.gguf", 2 * MIB, 4 * MIB),
    DownloadRetried("a.gguf", "the connection was cut", 2.0),
    FileProgress("a.gguf", 4 * MIB, 4 * MIB),
    FileProgress("b.gguf", 2 * MIB, 2 * MIB),
    DownloadDone("org/name", 7 * MIB, 5 * MIB),
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _told(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, *, silent: bool) -> str:
    monkeypatch.setattr("sys.stderr", stream)
    with downloads_shown(silent=silent) as display:
        for event in EVENTS:
            display.on_event(event)
    return stream.getvalue()


def test_a_pipe_gets_lines_and_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    first, started, retried, last = _told(monkeypatch, io.StringIO(), silent=False).splitlines()
    assert first == "another process downloads from `org/name`; waiting for it"
    assert started == ("downloading 5.00 MiB in 2 files from `org/name`; 2.00 MiB are here already")
    assert retried == "`a.gguf`: the connection was cut; trying again in 2 s"
    assert last.startswith("downloaded 5.00 MiB in ")


def test_a_terminal_gets_bars_too_and_the_cursor_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    shown = _told(monkeypatch, Terminal(), silent=False)
    for part in ("a.gguf", "total", "trying again", "downloaded 5.00 MiB"):
        assert part in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()])
def test_silence_is_kept(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO) -> None:
    assert _told(monkeypatch, stream, silent=True) == ""


def test_an_error_takes_the_bars_away(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with pytest.raises(ZeroDivisionError):
        _fail_in_the_middle()
    assert terminal.getvalue().rstrip("\n").endswith(("\x1b[?25h", "\x1b[2K", "\r"))


def _fail_in_the_middle() -> None:
    with downloads_shown(silent=False) as display:
        display.on_event(STARTED)
        assert display.downloading
        raise ZeroDivisionError


def test_the_total_counts_every_file_once() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    bars = DownloadBars(STARTED, console)
    bars.show("a.gguf", 3 * MIB, 4 * MIB)
    bars.show("a.gguf", 2 * MIB, 4 * MIB)  # a cut download that begins anew
    bars.show("b.gguf", 2 * MIB, 2 * MIB)
    shown = {task.description: task.completed for task in bars.tasks}
    bars.close()
    assert shown["total"] == 5 * MIB
    assert shown["a.gguf"] == 2 * MIB


def test_names_of_files_cannot_drive_the_terminal() -> None:
    out = io.StringIO()
    bars = DownloadBars(STARTED, Console(file=out, force_terminal=True, width=120))
    bars.show("[red]\x1b]0;x\x07.gguf", 1, 2)
    bars.close()
    assert "\x1b]0" not in out.getvalue()
    assert "[red]" in out.getvalue()
