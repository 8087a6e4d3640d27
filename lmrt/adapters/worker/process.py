"""The worker process, seen from its parent: started, asked, and ended without a trace."""

import re
import socket
import subprocess
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Thread
from typing import IO

from lmrt.adapters.worker.frames import Channel, Frame
from lmrt.adapters.worker.messages import error_in
from lmrt.domain.payloads import JsonObject
from lmrt.domain.signals import signal_name

_KEPT_LINES = 50
_TOLD_LINES = 4
_PATIENCE = 10.0
"""Seconds that a process gets to end by itself."""

_READING = 1.0
"""Seconds that its last lines get to arrive."""

_NOISE = re.compile(r"Extension modules:|Current thread|Thread 0x|  File |$")


class Ended(Exception):  # noqa: N818 - a fact, which each caller tells in its own words
    """The process ended.

    Attributes:
        signal: The name of the signal that ended it, or None where it left by itself.
        told: What it wrote last, one line.
    """

    def __init__(self, signal_name: str | None, told: str) -> None:
        super().__init__(told)
        self.signal = signal_name
        self.told = told


class Worker:
    """One worker process; one thread calls, any thread notifies.

    Args:
        command: Starts it; the number of its end of the socket is added.

    Raises:
        OSError: It cannot be started.
    """

    def __init__(self, command: Sequence[str]) -> None:
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
                    [*command, str(theirs.fileno())],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    pass_fds=(theirs.fileno(),),
                    # So that Ctrl-C at the terminal is for the parent alone
                    start_new_session=True,
                )
        except BaseException:
            ours.close()
            raise
        self._channel = Channel(ours)
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        self._reader = Thread(
            target=_keep, args=(self._process.stdout, self._lines), daemon=True, name="lmrt-log"
        )
        self._reader.start()
        self._finalizer = weakref.finalize(self, _end, self._process, self._channel, self._reader)

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def call(
        self, message: JsonObject, *, progress: Callable[[float], None] | None = None
    ) -> Frame:
        """Ask something and return the answer.

        Args:
            message: What is asked.
            progress: Told how far it is.

        Raises:
            Ended: The process is over.
            Exception: What the call raised there.
        """
        try:
            answer = self._ask(message, progress)
        except BaseException:
            # An answer may still come, and nobody would know to what
            self.end(patience=0.0)
            raise
        if "error" in answer.message or "defect" in answer.message:
            raise error_in(answer.message)
        return answer

    def notify(self, message: JsonObject) -> None:
        """Tell something that has no answer; a process that is over does not mind."""
        with suppress(OSError, ValueError):
            self._channel.send(message)

    def end(self, patience: float = _PATIENCE) -> None:
        """Let the process end, and kill it where it takes longer; a second call does nothing.

        Args:
            patience: Seconds that it gets.
        """
        if patience and self._finalizer.alive:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
        self._finalizer()

    def _ask(self, message: JsonObject, progress: Callable[[float], None] | None) -> Frame:
        try:
            self._channel.send(message)
        except (OSError, ValueError):
            raise self._ended() from None
        while (frame := self._channel.receive()) is not None:
            if "progress" not in frame.message:
                return frame
            if progress is not None:
                progress(frame.message["progress"])
        raise self._ended()

    def _ended(self) -> Ended:
        try:
            code = self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._reader.join(_READING)
        return Ended(signal_name(-code) if code < 0 else None, _told(self._lines, code))


def _keep(stream: IO[bytes], lines: deque[str]) -> None:
    """Keep the last lines of a stream until it ends."""
    with stream:
        for line in stream:
            lines.append(line.decode("utf-8", "replace").rstrip())


def _end(process: subprocess.Popen[bytes], channel: Channel, reader: Thread) -> None:
    """Hang up, and leave neither a process nor a zombie."""
    channel.close()
    process.kill()
    process.wait()
    reader.join(_READING)


def _told(lines: Sequence[str], code: int) -> str:
    """Return the last lines that say something as one."""
    saying = [line.strip() for line in lines if not _NOISE.match(line)]
    told = "; ".join(tuple(dict.fromkeys(saying))[-_TOLD_LINES:])
    return told or (f"exit status {code}" if code >= 0 else "it wrote nothing")
