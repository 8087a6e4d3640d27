"""All that a plan depends on beside the model and the request."""

from attrs import frozen

from lmrt.domain.machine import Machine
from lmrt.domain.probes import BackendProbe
from lmrt.domain.speeds import Corrected


@frozen
class Surroundings:
    """A machine and what each backend can do there; of this machine or of another.

    Attributes:
        machine: The machine.
        probes: One probe a backend.
        corrections: What past runs there said about estimated speeds.
    """

    machine: Machine
    probes: tuple[BackendProbe, ...]
    corrections: tuple[Corrected, ...] = ()
