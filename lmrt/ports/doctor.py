"""What the doctor asks of the world outside."""

from typing import Protocol

from lmrt.domain.examinations import Examination
from lmrt.domain.remedies import Remedy


class Examiner(Protocol):
    """Tries backends out, each in a process of its own."""

    def examine(self, backend: str) -> Examination:
        """Let a backend's engine tell of itself and answer a prompt; from any thread.

        Never raises: whatever the engine does to its process is in the result.
        """
        ...

    def stop(self) -> None:
        """End every process that still runs; from any thread."""
        ...


class HealthCheck(Protocol):
    """Looks at one part of the setup."""

    def findings(self) -> tuple[Remedy, ...]:
        """Return what is wrong; never raises, what cannot be looked at is a finding or nothing."""
        ...
