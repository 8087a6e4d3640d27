"""Typed remarks that something differs from what was asked; `--strict` makes each an error."""

from typing import ClassVar

from attrs import frozen


@frozen
class ContextReduced:
    """The default context does not fit, or the engine takes no more; both in tokens."""

    code: ClassVar[str] = "context-reduced"
    default: int
    planned: int

    @property
    def message(self) -> str:
        """One line for people."""
        return f"context is {self.planned:,} tokens, not {self.default:,}: the most that fits"


@frozen
class KvTypeReduced:
    """The KV cache takes a smaller type than the default, so that the model fits."""

    code: ClassVar[str] = "kv-type-reduced"
    default: str
    planned: str

    @property
    def message(self) -> str:
        """One line for people."""
        return f"KV cache is {self.planned}, not {self.default}: the larger does not fit in memory"


@frozen
class DtypeReduced:
    """The weights are rounded while they are loaded, so that the model fits."""

    code: ClassVar[str] = "dtype-reduced"
    default: str
    planned: str

    @property
    def message(self) -> str:
        """One line for people."""
        return (
            f"weights are loaded as {self.planned}, not {self.default}: the larger do not fit in "
            "memory"
        )


@frozen
class CpuFallback:
    """The machine has an accelerator, but the model runs on the CPU.

    Attributes:
        device: The accelerator that stays idle.
        reason: Why, in one clause.
    """

    code: ClassVar[str] = "cpu-fallback"
    device: str
    reason: str

    @property
    def message(self) -> str:
        """One line for people."""
        return f"runs on the CPU although `{self.device}` is there: {self.reason}"


@frozen
class PartialOffload:
    """Only some layers fit on the accelerator."""

    code: ClassVar[str] = "partial-offload"
    device: str
    layers: int
    total: int

    @property
    def message(self) -> str:
        """One line for people."""
        return (
            f"{self.layers} of {self.total} layers run on `{self.device}`, the rest on the CPU: "
            "more do not fit in its memory"
        )


@frozen
class OptionIgnored:
    """An option has no effect here."""

    code: ClassVar[str] = "option-ignored"
    option: str
    reason: str

    @property
    def message(self) -> str:
        """One line for people."""
        return f"`{self.option}` is ignored: {self.reason}"


@frozen
class HeadersIncomplete:
    """Headers of files that are not here were not read in full before the download.

    Attributes:
        files: The files.
        what: What that means for the plan, in one clause.
    """

    code: ClassVar[str] = "headers-incomplete"
    files: tuple[str, ...]
    what: str

    @property
    def message(self) -> str:
        """One line for people."""
        more = f" and {len(self.files) - 1} more" if len(self.files) > 1 else ""
        return f"`{self.files[0]}`{more}: {self.what}"


@frozen
class CachedCopyUsed:
    """The Hub did not answer for a repository, so what is cached of it counts.

    Attributes:
        repository: `org/name`.
        commit: Of the cached copy; the Hub may have a newer one.
        reason: What the Hub said, in one clause.
    """

    code: ClassVar[str] = "cached-copy-used"
    repository: str
    commit: str
    reason: str

    @property
    def message(self) -> str:
        """One line for people."""
        return f"`{self.repository}` is taken as cached at {self.commit[:7]}: {self.reason}"


@frozen
class VariantLeftOut:
    """A form of the model that an alias stands for could not be considered.

    Attributes:
        place: The repository or folder that holds it.
        reason: Why, in one clause.
    """

    code: ClassVar[str] = "variant-left-out"
    place: str
    reason: str

    @property
    def message(self) -> str:
        """One line for people."""
        place = "one variant" if f"`{self.place}" in self.reason else f"`{self.place}`"
        return f"{place} was not considered: {self.reason}"


@frozen
class LoadFellBack:
    """What was planned could not be loaded, so the next candidate runs.

    Attributes:
        failed: What could not be loaded, and where.
        failure: What sort of failure it was.
        reason: What went wrong, in one clause.
        used: What runs instead, and where.
    """

    code: ClassVar[str] = "load-fell-back"
    failed: str
    failure: str
    reason: str
    used: str

    @property
    def message(self) -> str:
        """One line for people."""
        return f"{self.used} runs, since {self.failed} could not be loaded: {self.reason}"


Notice = (
    ContextReduced
    | KvTypeReduced
    | DtypeReduced
    | CpuFallback
    | PartialOffload
    | OptionIgnored
    | HeadersIncomplete
    | CachedCopyUsed
    | VariantLeftOut
    | LoadFellBack
)
