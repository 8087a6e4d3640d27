"""What can be wrong with the machine or the setup, and what to do."""

from pathlib import Path
from typing import ClassVar

from attrs import frozen

from lmrt.domain.sizes import format_size


@frozen
class MemoryHolder:
    """A process, by its program's name alone, with the bytes of memory that it holds."""

    name: str
    size: int


@frozen
class MemoryLow:
    """Little memory is free.

    Attributes:
        pool: `cpu`, or an accelerator's device name.
        free: Bytes free.
        total: Bytes in all.
        holders: Who holds most of it, the largest first; empty where that is not known.
    """

    code: ClassVar[str] = "memory-low"
    pool: str
    free: int
    total: int
    holders: tuple[MemoryHolder, ...] = ()

    @property
    def what(self) -> str:
        """The finding."""
        place = "main memory" if self.pool == "cpu" else f"memory on {self.pool}"
        return f"{format_size(self.free)} of {format_size(self.total)} {place} are free"

    @property
    def why(self) -> str:
        """Why it matters."""
        if not self.holders:
            return "only small models fit; other programs hold the rest"
        held = ", ".join(f"{one.name} ({format_size(one.size)})" for one in self.holders)
        return f"only small models fit; most is held by {held}"

    @property
    def command(self) -> str:
        """What to run."""
        return "rt plan MODEL" if self.pool == "cpu" else "nvidia-smi"


@frozen
class FewFileDescriptors:
    """The process may open few files at once; `limit` is how many."""

    code: ClassVar[str] = "few-file-descriptors"
    why: ClassVar[str] = "downloads over several connections and models in many parts can need more"
    limit: int
    command: ClassVar[str] = "ulimit -n 4096"

    @property
    def what(self) -> str:
        """The finding."""
        return f"this process may open {self.limit:,} files at once"


@frozen
class MachineUnread:
    """Something of the machine could not be read."""

    code: ClassVar[str] = "machine-unread"
    why: ClassVar[str] = "plans do without it: a GPU that cannot be counted is not used"
    message: str
    command: ClassVar[None] = None

    @property
    def what(self) -> str:
        """The finding."""
        return self.message


@frozen
class PythonUnderRosetta:
    """Python is built for Intel processors on an Apple chip."""

    code: ClassVar[str] = "python-under-rosetta"
    what: ClassVar[str] = (
        "this Python is for Intel processors, and Rosetta translates it on an Apple chip"
    )
    why: ClassVar[str] = "MLX cannot run and the GPU is not used; install lmrt with an arm64 Python"
    command: ClassVar[str] = "arch -arm64 /bin/zsh"


@frozen
class BundledModelMissing:
    """The model that comes with lmrt is not where it must be."""

    code: ClassVar[str] = "bundled-model-missing"
    why: ClassVar[str] = "the doctor has nothing to try the backends with"
    path: Path
    command: ClassVar[str] = "pip install --force-reinstall --no-deps lmrt"

    @property
    def what(self) -> str:
        """The finding."""
        return f"the bundled model is not at `{self.path}`"


@frozen
class ModelsDirMissing:
    """The folder of local models that the user named does not exist."""

    code: ClassVar[str] = "models-dir-missing"
    why: ClassVar[str] = (
        "`RT_MODELS_DIR` or `models_dir` names it, and models are looked up there by name"
    )
    path: Path

    @property
    def what(self) -> str:
        """The finding."""
        return f"the models directory `{self.path}` does not exist"

    @property
    def command(self) -> str:
        """What to run."""
        return f"mkdir -p '{self.path}'"


@frozen
class ModelsDirUnreadable:
    """The folder of local models cannot be read; `reason` is the system's."""

    code: ClassVar[str] = "models-dir-unreadable"
    why: ClassVar[str] = "models in it are not found by name"
    path: Path
    reason: str

    @property
    def what(self) -> str:
        """The finding."""
        return f"the models directory `{self.path}` cannot be read: {self.reason}"

    @property
    def command(self) -> str:
        """What to run."""
        return f"chmod u+rx '{self.path}'"


@frozen
class InvalidConfigFile:
    """The configuration file cannot be used; every command but the doctor ends with its error."""

    code: ClassVar[str] = "invalid-config-file"
    message: str
    hint: str | None
    command: ClassVar[None] = None

    @property
    def what(self) -> str:
        """The finding."""
        return self.message

    @property
    def why(self) -> str:
        """Why it matters."""
        hint = f": {self.hint}" if self.hint else ""
        return f"other commands end with exit code 2{hint}"


@frozen
class DebugOn:
    """`RT_DEBUG` is set."""

    code: ClassVar[str] = "debug-on"
    what: ClassVar[str] = "`RT_DEBUG` is set"
    why: ClassVar[str] = "errors come with a traceback, which is meant for reports"
    command: ClassVar[str] = "unset RT_DEBUG"
