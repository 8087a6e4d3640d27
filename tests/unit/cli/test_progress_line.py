"""Progress is for people at a terminal, and leaves nothing behind."""

import io

import pytest

from lmrt.cli.progress_line import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_has_one_line_that_is_gone_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with progress(silent=False) as tell:
        assert tell is not None
        tell("torch: loading")
        tell("torch: prompt 1 of 2")
    clear = "\r\x1b[K"
    assert terminal.getvalue() == f"{clear}torch: loading{clear}torch: prompt 1 of 2{clear}"


def test_an_error_clears_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with pytest.raises(ZeroDivisionError):
        _fail_after_telling()
    assert terminal.getvalue() == "\r\x1b[Ktorch: loading\r\x1b[K"


def _fail_after_telling() -> None:
    with progress(silent=False) as tell:
        assert tell is not None
        tell("torch: loading")
        raise ZeroDivisionError


@pytest.mark.parametrize(("stream", "silent"), [(Terminal(), True), (io.StringIO(), False)])
def test_nothing_is_shown_elsewhere(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, silent: bool
) -> None:
    monkeypatch.setattr("sys.stderr", stream)
    with progress(silent=silent) as tell:
        assert tell is None
    assert stream.getvalue() == ""
