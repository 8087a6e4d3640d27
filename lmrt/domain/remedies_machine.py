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
    limit: int
    command: ClassVar[str] = "ulimit -n 4096"

    @property
    def what(self) -> str:
        """The finding."""
        return f"this process may open {self.limit:,} files at once"

    @property
    def why(self) -> str:
        """Why it matters."""
        return "downloads over several connections and models in many parts can need more"


@frozen
class MachineUnread:
    """Something of the machine could not be read."""

    code: ClassVar[str] = "machine-unread"
    message: str
    command: ClassVar[None] = None

    @property
    def what(self) -> str:
        """The finding."""
        return self.message

    @property
    def why(self) -> str:
        """Why it matters."""
        return "plans do without it: a GPU that cannot be counted is not used"


@frozen
class PythonUnderRosetta:
    """Python is built for Intel processors on an Apple chip."""

    code: ClassVar[str] = "python-under-rosetta"
    command: ClassVar[str] = "arch -arm64 /bin/zsh"

    @property
    def what(self) -> str:
        """The finding."""
        return "this Python is for Intel processors, and Rosetta translates it on an Apple chip"

    @property
    def why(self) -> str:
        """Why it matters."""
        return "MLX cannot run and the GPU is not used; install lmrt with an arm64 Python"


@frozen
class BundledModelMissing:
    """The model that comes with lmrt is not where it must be."""

    code: ClassVar[str] = "bundled-model-missing"
    path: Path
    command: ClassVar[str] = "pip install --force-reinstall --no-deps lmrt"

    @property
    def what(self) -> str:
        """The finding."""
        return f"the bundled model is not at `{self.path}`"

    @property
    def why(self) -> str:
        """Why it matters."""
        return "the doctor has nothing to try the backends with"


@frozen
class ModelsDirMissing:
    """The folder of local models that the user named does not exist."""

    code: ClassVar[str] = "models-dir-missing"
    path: Path

    @property
    def what(self) -> str:
        """The finding."""
        return f"the models directory `{self.path}` does not exist"

    @property
    def why(self) -> str:
        """Why it matters."""
        return "`RT_MODELS_DIR` or `models_dir` names it, and models are looked up there by name"

    @property
    def command(self) -> str:
        """What to run."""
        return f"mkdir -p '{self.path}'"


@frozen
class ModelsDirUnreadable:
    """The folder of local models cannot be read; `reason` is the system's."""

    code: ClassVar[str] = "models-dir-unreadable"
    path: Path
    reason: str

    @property
    def what(self) -> str:
        """The finding."""
        return f"the models directory `{self.path}` cannot be read: {self.reason}"

    @property
    def why(self) -> str:
        """Why it matters."""
        return "models in it are not found by name"

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
    command: ClassVar[str] = "unset RT_DEBUG"

    @property
    def what(self) -> str:
        """The finding."""
        return "`RT_DEBUG` is set"

    @property
    def why(self) -> str:
        """Why it matters."""
        return "errors come with a traceback, which is meant for reports"
