"""Several questions asked at once."""

from collections.abc import Callable, Sequence
from threading import Thread
from typing import Generic, TypeVar

from lmrt.domain.errors import LmrtError

_T = TypeVar("_T")


class _Asked(Generic[_T]):
    """One question on a thread of its own.

    The thread is a daemon, so that an interrupted command does not wait for a slow server.
    """

    def __init__(self, ask: Callable[[], _T]) -> None:
        self._ask = ask
        self._answer: list[_T] = []
        self._failure: BaseException | None = None
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def answer(self) -> _T:
        """Wait for the answer, or raise what the question raised."""
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        return self._answer[0]

    def _run(self) -> None:
        try:
            self._answer.append(self._ask())
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            self._failure = error


def asked_together(questions: Sequence[Callable[[], _T]]) -> tuple[_T | LmrtError, ...]:
    """Return the answer, or the expected error, of each question, in their order.

    Whatever else a question raises is raised here.
    """
    running = [_Asked(ask) for ask in questions]
    outcomes: list[_T | LmrtError] = []
    for asked in running:
        try:
            outcomes.append(asked.answer())
        except LmrtError as error:
            outcomes.append(error)
    return tuple(outcomes)
