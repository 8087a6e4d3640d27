"""What `rt doctor` finds: the machine, each backend's probe, and a real generation."""

from attrs import frozen

from lmrt.domain.machine import Machine
from lmrt.domain.probes import BackendProbe
from lmrt.domain.remedies import Remedy


@frozen
class Ran:
    """The backend answered a prompt on the bundled model.

    Attributes:
        text: The answer.
        specialization: The execution path that it took.
        layers_on_device: Repeating layers that ran on an accelerator, as the engine reports.
        layers: Repeating layers of the model.
        tokens_per_second: Decode speed, or None where the answer is too short to tell.
    """

    text: str
    specialization: str
    layers_on_device: int
    layers: int
    tokens_per_second: float | None


@frozen
class Failed:
    """The backend did not answer.

    Attributes:
        code: The error's code.
        message: What was wrong.
        hint: What to do about it, or None.
    """

    code: str
    message: str
    hint: str | None


@frozen
class NotTried:
    """The backend cannot run here, as its probe says."""


Trial = Ran | Failed | NotTried


@frozen
class BackendDiagnosis:
    """One backend: its probe, and what came of using it."""

    probe: BackendProbe
    trial: Trial


@frozen
class Diagnosis:
    """Everything that `rt doctor` found.

    Attributes:
        version: lmrt's version.
        machine: The machine.
        backends: Every backend.
        remedies: What is wrong, with what mends it.
    """

    version: str
    machine: Machine
    backends: tuple[BackendDiagnosis, ...]
    remedies: tuple[Remedy, ...] = ()

    @property
    def works(self) -> bool:
        """Whether some backend really ran."""
        return any(isinstance(backend.trial, Ran) for backend in self.backends)
