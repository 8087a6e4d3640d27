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
        return f"before the download `{self.files[0]}`{more} {self.what}"


Notice = (
    ContextReduced
    | KvTypeReduced
    | DtypeReduced
    | CpuFallback
    | PartialOffload
    | OptionIgnored
    | HeadersIncomplete
)
