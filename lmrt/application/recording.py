"""Which runs are kept in the ledger of speeds: those that had the model to themselves."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from lmrt.domain.plans import RuntimePlan
from lmrt.domain.responses import Timings
from lmrt.domain.speed_runs import speed_run
from lmrt.ports.speed import SpeedLedger

Record = Callable[[RuntimePlan, Timings], None]


class SpeedRecorder:
    """Keeps runs in the ledger; any thread may use it.

    Args:
        ledger: Where they are kept.
    """

    def __init__(self, ledger: SpeedLedger) -> None:
        self._ledger = ledger
        self._lock = Lock()
        self._running = 0
        self._started = 0

    @contextmanager
    def run(self) -> Iterator[Record]:
        """Run something inside the block; what is lent keeps it, if nothing ran beside it."""
        with self._lock:
            alone = self._running == 0
            self._running += 1
            self._started += 1
            number = self._started
        try:
            yield lambda plan, timings: self._keep(plan, timings, alone=alone and ended == number)
        finally:
            with self._lock:
                self._running -= 1
                ended = self._started

    def _keep(self, plan: RuntimePlan, timings: Timings, *, alone: bool) -> None:
        found = speed_run(plan, timings, warm=not timings.load) if alone else None
        if found is not None:
            self._ledger.record(found)


@contextmanager
def recording(recorder: SpeedRecorder | None) -> Iterator[Record]:
    """Run something inside the block, and lend what keeps it; nothing without a recorder."""
    if recorder is None:
        yield lambda _plan, _timings: None
        return
    with recorder.run() as record:
        yield record
