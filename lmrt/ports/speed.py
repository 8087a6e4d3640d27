"""Where the speeds of past runs are kept."""

from typing import Protocol

from lmrt.domain.speeds import SpeedRun


class SpeedLedger(Protocol):
    """Keeps runs beside their predictions; any thread may call it, and nothing of it raises."""

    def record(self, run: SpeedRun) -> None:
        """Keep a run; where that is not possible it is forgotten."""
        ...

    def runs(self, machine: str) -> tuple[SpeedRun, ...]:
        """Return the runs on the machine with that fingerprint, the oldest first."""
        ...
