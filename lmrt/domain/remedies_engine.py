"""What can be wrong with an engine, and what to do: one small class a finding, with its code."""

from collections.abc import Mapping
from typing import ClassVar

from attrs import field, frozen

from lmrt.domain.machine import DeviceKind


@frozen
class EngineAdvice:
    """The commands that mend one backend's engine; its adapter knows them.

    Attributes:
        repair: Installs it anew, for this machine.
        builds: Installs one that uses a kind of accelerator.
    """

    repair: str
    builds: Mapping[DeviceKind, str] = field(factory=dict)


@frozen
class _EngineFinding:
    """Something is wrong with a backend's engine: what `said` says, by what `message` tells."""

    said: ClassVar[str]
    backend: str
    message: str
    command: str | None

    @property
    def what(self) -> str:
        """The finding."""
        return f"{self.backend} {self.said}: {self.message}"


@frozen
class ExtraMissing(_EngineFinding):
    """A backend's packages are not installed."""

    code: ClassVar[str] = "extra-missing"
    said: ClassVar[str] = "is not there"
    why: ClassVar[str] = "its package is an extra of lmrt, and models that only it reads cannot run"


@frozen
class EngineVersionUnsupported(_EngineFinding):
    """A backend's packages have a version that lmrt does not know."""

    code: ClassVar[str] = "engine-version-unsupported"
    said: ClassVar[str] = "is not used"
    why: ClassVar[str] = "engines change their interfaces; lmrt runs those that it was tested with"


@frozen
class EngineBroken(_EngineFinding):
    """A backend's packages are there, but cannot be used."""

    code: ClassVar[str] = "engine-broken"
    said: ClassVar[str] = "cannot be used"
    why: ClassVar[str] = (
        "the installation is incomplete or damaged, or another package stands in its way"
    )


@frozen
class EngineCrashed(_EngineFinding):
    """An engine ended its process."""

    code: ClassVar[str] = "engine-crashed"
    said: ClassVar[str] = "brought its process down"
    why: ClassVar[str] = (
        "parts of different versions, or a driver that does not fit, crash like this"
    )


@frozen
class EngineHangs(_EngineFinding):
    """An engine did not answer in time."""

    code: ClassVar[str] = "engine-hangs"
    said: ClassVar[str] = "was given up"
    why: ClassVar[str] = (
        "a busy machine or a slow disk takes long (`--timeout` waits longer); else it hangs"
    )


@frozen
class WheelForAnotherProcessor(_EngineFinding):
    """An engine uses instructions that this processor does not have."""

    code: ClassVar[str] = "wheel-for-another-processor"
    said: ClassVar[str] = "was built for another processor"
    why: ClassVar[str] = (
        "its build uses instructions, such as AVX2 or AVX-512, that this one does not have"
    )


@frozen
class WheelForAnotherArchitecture(_EngineFinding):
    """An engine's libraries are for another sort of machine."""

    code: ClassVar[str] = "wheel-for-another-architecture"
    said: ClassVar[str] = "was built for another architecture"
    why: ClassVar[str] = "Python and the libraries that it loads must be of one architecture"


@frozen
class BuiltWithoutCuda:
    """An NVIDIA GPU is there, and a backend's build cannot use it."""

    code: ClassVar[str] = "built-without-cuda"
    why: ClassVar[str] = "it runs on the CPU, many times slower; building needs the CUDA toolkit"
    backend: str
    gpu: str
    command: str

    @property
    def what(self) -> str:
        """The finding."""
        return f"{self.backend} was built without CUDA: it does not use {self.gpu}"


@frozen
class BuiltWithoutMetal:
    """An Apple GPU is there, and a backend's build cannot use it."""

    code: ClassVar[str] = "built-without-metal"
    why: ClassVar[str] = "it runs on the CPU, several times slower; building needs Xcode's tools"
    backend: str
    gpu: str
    command: str

    @property
    def what(self) -> str:
        """The finding."""
        return f"{self.backend} was built without Metal: it does not use the GPU of {self.gpu}"


@frozen
class TrialFailed:
    """A backend can run, but did not answer on the bundled model; `error` is the error's code."""

    code: ClassVar[str] = "trial-failed"
    backend: str
    error: str
    message: str
    hint: str | None

    @property
    def what(self) -> str:
        """The finding."""
        return f"{self.backend} did not answer: {self.error}: {self.message}"

    @property
    def why(self) -> str:
        """Why it matters."""
        return self.hint or "what the engine said is all that is known of it"

    @property
    def command(self) -> str:
        """What to run."""
        return f"RT_DEBUG=1 rt prompt -m guide --backend {self.backend} hello"
