"""Whatever an engine does to its process is in the result: real processes that do it."""

import sys
import threading
import time
from pathlib import Path

import pytest

from lmrt.adapters.children import ChildExaminer
from lmrt.domain.diagnosis import Failed, NotTried, Ran
from lmrt.domain.examinations import Finished, GivenUp, Killed, NotStarted
from lmrt.wire.examination import read_report_line, report_line
from tests.support.worlds import gguf_backend

PROBE = gguf_backend(details=(("build", "AVX2"),))
RAN = Ran("hello", "cpu", 0, 4, None)
BEGIN = "import os, signal, sys; report = open(sys.argv[2], 'w')\n"
PROBED = f"report.write({report_line(PROBE)!r} + chr(10)); report.flush()\n"
TRIED = f"report.write({report_line(RAN)!r} + chr(10)); report.flush()\n"


def examiner(program: str, seconds: float = 30.0) -> ChildExaminer:
    command = (sys.executable, "-c", BEGIN + program)
    return ChildExaminer(command, read_report_line, seconds)


@pytest.mark.parametrize("told", [PROBE, RAN, NotTried(), Failed("load-failed", "no", None)])
def test_a_line_of_a_report_is_read_as_it_was_written(told: object) -> None:
    assert read_report_line(report_line(told)) == told  # type: ignore[arg-type]


def test_a_child_that_runs_tells_all() -> None:
    found = examiner(PROBED + TRIED).examine("alpha")
    assert (found.probe, found.trial) == (PROBE, RAN)
    assert isinstance(found.end, Finished)
    assert found.end.status == 0


@pytest.mark.parametrize("name", ["SIGILL", "SIGSEGV", "SIGABRT", "SIGKILL"])
def test_a_crash_names_its_signal_and_what_was_told_before_counts(name: str) -> None:
    crash = f"os.kill(os.getpid(), signal.{name})\n"
    assert examiner(crash + PROBED).examine("alpha").end == Killed(name)
    halfway = examiner(PROBED + crash + TRIED).examine("alpha")
    assert (halfway.probe, halfway.trial, halfway.end) == (PROBE, None, Killed(name))


def test_an_exception_shows_its_last_line() -> None:
    found = examiner("raise RuntimeError('Failed to load shared library')").examine("alpha")
    assert found.end == Finished(1, "RuntimeError: Failed to load shared library")


def test_a_child_that_hangs_is_given_up_with_all_that_it_started() -> None:
    program = (
        "import subprocess\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        "report.write(str(child.pid) + chr(10)); report.flush(); child.wait()"
    )
    seen: list[str] = []

    def read(line: str) -> Ran:
        seen.append(line)
        return RAN

    command = (sys.executable, "-c", BEGIN + program)
    found = ChildExaminer(command, read, 2.0).examine("alpha")
    assert found.end == GivenUp(2.0)
    (pid,) = seen
    assert _ends(int(pid))


def test_a_grandchild_that_keeps_the_pipe_open_is_not_waited_for() -> None:
    program = "import subprocess; subprocess.Popen(['sleep', '20'])\n" + PROBED
    began = time.monotonic()
    assert examiner(program).examine("alpha").probe == PROBE
    assert time.monotonic() - began < 15


@pytest.mark.parametrize(
    "noise", ["print('{}')\n", "os.write(1, bytes(2000000))\n", "report.write('noise\\n')\n"]
)
def test_what_is_printed_does_not_spoil_the_report(noise: str) -> None:
    found = examiner(PROBED + "print('a banner')\n" + noise).examine("alpha")
    assert found.probe == PROBE


def test_a_child_that_gives_no_report() -> None:
    found = examiner("os._exit(0)").examine("alpha")
    assert (found.probe, found.trial) == (None, None)
    assert found.end == Finished(0, "it said nothing")


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    command = (str(tmp_path / "python"),)
    found = ChildExaminer(command, read_report_line, 5.0).examine("alpha")
    assert isinstance(found.end, NotStarted)


def test_stopping_ends_what_runs_and_starts_nothing_more() -> None:
    sleeping = examiner("import time; time.sleep(600)", seconds=600.0)
    ends: list[object] = []
    thread = threading.Thread(target=lambda: ends.append(sleeping.examine("alpha").end))
    thread.start()
    while not sleeping._running:
        time.sleep(0.01)
    sleeping.stop()
    thread.join(30)
    assert ends == [Killed("SIGKILL")]
    assert isinstance(sleeping.examine("alpha").end, NotStarted)


def _ends(pid: int) -> bool:
    """Return whether a process is gone, or a zombie that waits for init."""
    for _ in range(200):
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False
