"""How a backend's child process ended, and what it told before that."""

from attrs import frozen

from lmrt.domain.diagnosis import Trial
from lmrt.domain.probes import BackendProbe


@frozen
class Finished:
    """It ended by itself; `status` is 0 where all was well, `said` its last line else."""

    status: int
    said: str


@frozen
class Killed:
    """A signal ended it, such as `SIGILL`."""

    signal: str


@frozen
class GivenUp:
    """It did not end in time; `seconds` is how long it was waited for."""

    seconds: float


@frozen
class NotStarted:
    """There is no process; `reason` is the system's."""

    reason: str


End = Finished | Killed | GivenUp | NotStarted


@frozen
class Examination:
    """What one child process told.

    Attributes:
        probe: What the engine says of itself, or None where it did not come to that.
        trial: What came of a prompt, or None where it did not come to that.
        end: How the process ended.
    """

    probe: BackendProbe | None
    trial: Trial | None
    end: End
