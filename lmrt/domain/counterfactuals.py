"""What would have to be different for another candidate to be chosen: one fact at a time."""

from attrs import frozen

from lmrt.domain.config import Preference
from lmrt.domain.sizes import format_size_up


@frozen
class ContextAtMost:
    """Asking for at most so many tokens of context; more is not enough of a change."""

    tokens: int

    @property
    def message(self) -> str:
        """The change as a condition, for people."""
        return f"if context <= {self.tokens:,}"


@frozen
class MemoryFreed:
    """So many more bytes free; fewer are not enough.

    Attributes:
        pool: `cpu` for main memory (on unified memory the GPU's too), else a device's name.
        size: Bytes beyond those that are free now.
    """

    pool: str
    size: int

    @property
    def message(self) -> str:
        """The change as a condition, for people; the size is rounded up."""
        where = "main memory" if self.pool == "cpu" else f"memory on `{self.pool}`"
        return f"if {format_size_up(self.size)} more {where} were free"


@frozen
class BudgetRaised:
    """A memory budget of so many bytes; a smaller one is not enough."""

    budget: int

    @property
    def message(self) -> str:
        """The change as a condition, for people; the size is rounded up."""
        return f"if `--memory-budget` were {format_size_up(self.budget).replace(' ', '')}"


@frozen
class BackendInstalled:
    """A backend that can run, as far as it tells what it could do here.

    Attributes:
        backend: Its id.
        command: What makes it available.
    """

    backend: str
    command: str

    @property
    def message(self) -> str:
        """The change as a condition, for people."""
        return f"if {self.backend} were installed: `{self.command}`"


@frozen
class Preferring:
    """Another preference."""

    prefer: Preference

    @property
    def message(self) -> str:
        """The change as a condition, for people."""
        return f"if preferred: `--prefer {self.prefer}`"


@frozen
class PinDropped:
    """One of the options that pin the plan left out.

    Attributes:
        option: `backend`, `device`, `kv-type` or `dtype`.
        pinned: What it pins the plan to.
    """

    option: str
    pinned: str

    @property
    def message(self) -> str:
        """The change as a condition, for people."""
        return f"if `--{self.option} {self.pinned}` were left out"


@frozen
class UnsafeWeightsAllowed:
    """Pickle files allowed, which can execute code when they are read."""

    @property
    def message(self) -> str:
        """The change as a condition, for people."""
        return "if its author were trusted: `--allow-unsafe-weights`"


Change = (
    ContextAtMost
    | MemoryFreed
    | BudgetRaised
    | BackendInstalled
    | Preferring
    | PinDropped
    | UnsafeWeightsAllowed
)


@frozen
class Counterfactual:
    """One change that alone would make a candidate the chosen one.

    Attributes:
        artifact: The candidate's artifact.
        backend: Its backend.
        device: Its device.
        change: The change, the smallest of its kind.
    """

    artifact: str
    backend: str
    device: str
    change: Change
