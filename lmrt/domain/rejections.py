"""Why a candidate cannot run: one small class a reason, each with its stable code."""

from typing import ClassVar

from attrs import frozen

from lmrt.domain.probes import UnavailableReason


@frozen
class BackendUnavailable:
    """The backend cannot run here at all."""

    code: ClassVar[str] = "backend-unavailable"
    reason: UnavailableReason
    message: str
    fix: str | None


@frozen
class FormatUnsupported:
    """The backend does not read the artifact's format; `supported` are those that it reads."""

    code: ClassVar[str] = "format-unsupported"
    format: str
    supported: tuple[str, ...]


@frozen
class ArchitectureUnsupported:
    """The backend does not know the model's architecture."""

    code: ClassVar[str] = "architecture-unsupported"
    architecture: str


@frozen
class ModalityUnsupported:
    """The model or the backend does not take a kind of input that the request holds.

    Attributes:
        modality: The kind of input.
        by: `model` or `backend`.
    """

    code: ClassVar[str] = "modality-unsupported"
    modality: str
    by: str


@frozen
class MemoryExceeded:
    """The candidate needs more memory than is free; all figures are bytes.

    Attributes:
        pool: Which memory is short: `cpu`, an accelerator's device name, or `budget` where all
            pools together exceed the request's memory budget.
        needed: What the candidate needs there.
        free: What it may use there, the margin already taken off.
        to_free: What would have to be freed there for it to fit, a margin that grows with it
            counted; None for a budget.
        held: What others hold there, the most that can be freed; None for a budget.
    """

    code: ClassVar[str] = "memory-exceeded"
    pool: str
    needed: int
    free: int
    to_free: int | None = None
    held: int | None = None

    @property
    def short_by(self) -> int:
        """Bytes missing."""
        return self.needed - self.free


@frozen
class ContextExceeded:
    """More context is asked for than the model was trained on."""

    code: ClassVar[str] = "context-exceeded"
    asked: int
    trained: int


@frozen
class WindowUnsupported:
    """The engine attends to everything where the model looks back over a window only.

    Up to the window's length, in tokens, that is the same; beyond it, other tokens would come.
    """

    code: ClassVar[str] = "window-unsupported"
    asked: int
    window: int


@frozen
class FeatureMissing:
    """The backend lacks an ability that the request needs."""

    code: ClassVar[str] = "feature-missing"
    feature: str


@frozen
class KvTypeUnsupported:
    """The backend, or the shape of the model's heads, does not allow the KV cache type."""

    code: ClassVar[str] = "kv-type-unsupported"
    kv_type: str
    supported: tuple[str, ...]


@frozen
class DtypeUnsupported:
    """The weights cannot be loaded as the data type that is asked for; `supported` are others."""

    code: ClassVar[str] = "dtype-unsupported"
    dtype: str
    supported: tuple[str, ...]


@frozen
class DeviceUnavailable:
    """The backend cannot use the device that is asked for."""

    code: ClassVar[str] = "device-unavailable"
    device: str
    available: tuple[str, ...]


@frozen
class PinnedElsewhere:
    """The user pinned the request to something else.

    Attributes:
        option: `backend` or `device`.
        pinned: What the user pinned it to.
    """

    code: ClassVar[str] = "pinned-elsewhere"
    option: str
    pinned: str


@frozen
class RemoteCodeRequired:
    """The model would execute Python code of its own."""

    code: ClassVar[str] = "remote-code-required"
    file: str


@frozen
class UnsafeFormat:
    """The weights are pickle files, which can execute code when they are read."""

    code: ClassVar[str] = "unsafe-format"
    file: str


@frozen
class FailedBefore:
    """A load in this process failed, and this one would go the same way.

    Attributes:
        failure: What sort of failure it was.
        reason: What went wrong, as a clause.
    """

    code: ClassVar[str] = "failed-before"
    failure: str
    reason: str


Rejection = (
    BackendUnavailable
    | FormatUnsupported
    | ArchitectureUnsupported
    | ModalityUnsupported
    | MemoryExceeded
    | ContextExceeded
    | WindowUnsupported
    | FeatureMissing
    | KvTypeUnsupported
    | DtypeUnsupported
    | DeviceUnavailable
    | PinnedElsewhere
    | RemoteCodeRequired
    | UnsafeFormat
    | FailedBefore
)
