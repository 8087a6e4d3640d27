"""The machine, and its clock."""

from typing import Protocol

from lmrt.domain.machine import Machine


class MachineProbe(Protocol):
    """Looks at the machine."""

    def inspect(self) -> Machine:
        """Return the machine as it is now; never raises, what cannot be read is a finding."""
        ...


class Clock(Protocol):
    """A clock that only goes forward."""

    def __call__(self) -> float:
        """Return seconds since some fixed moment."""
        ...
