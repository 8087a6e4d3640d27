"""The tree of errors; it imports nothing of the project.

::

    LmrtError(ValueError)          one base, so `except ValueError` catches all of them
    ├── ConfigurationError         the request itself is wrong            (exit code 2)
    ├── ModelNotFound              the reference leads to no model        (3)
    ├── NoExecutablePlan           no candidate can run here              (4)
    ├── NotMaterialized            files are not present or not verified  (5)
    ├── LoadFailed                 files are wrong or the engine refused  (6)
    ├── GenerationFailed           a loaded model failed to answer        (7)
    └── BackendsDisagree           a parity check failed                  (8)
"""

from collections.abc import Mapping
from typing import Any


class LmrtError(ValueError):
    """Base of every expected error.

    Attributes:
        code: Stable kebab-case name of what went wrong, fit for programs.
        message: One line that says what was wrong and where, without a trailing period.
        context: Facts behind the message (paths, numbers), JSON-serialisable.
        note: A second line that explains the cause, or None.
        hint: What to do about it, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        context: Mapping[str, Any] | None = None,
        note: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.context: dict[str, Any] = dict(context or {})
        self.note = note
        self.hint = hint


class ConfigurationError(LmrtError):
    """The request cannot be carried out as it was put: an option, a file or a prompt is wrong."""


class ModelNotFound(LmrtError):  # noqa: N818 - the design's name
    """The reference leads to no model."""


class NoExecutablePlan(LmrtError):  # noqa: N818 - the design's name
    """No candidate can run here.

    Attributes:
        rejected: Every candidate (`lmrt.domain.plans.Alternative`) with the reasons against it.
        counterfactuals: What would let one run (`lmrt.domain.counterfactuals.Counterfactual`), for
            whoever asked for it.
    """

    def __init__(
        self,
        message: str,
        *,
        rejected: tuple[Any, ...] = (),
        counterfactuals: tuple[Any, ...] = (),
        code: str | None = None,
        **fields: Any,
    ) -> None:
        super().__init__(message, code="no-executable-plan", **fields)
        self.code = code or self.code
        self.rejected = rejected
        self.counterfactuals = counterfactuals


class NotMaterialized(LmrtError):  # noqa: N818 - the design's name
    """The artifact's files are not present on this machine, or not verified."""


class LoadFailed(LmrtError):  # noqa: N818 - the design's name
    """A file is malformed, or the engine refused it or loaded it differently from the plan.

    Attributes:
        failure: What sort of failure it is (`lmrt.domain.failures.LoadFailure`), or None where only
            the code tells.
    """

    def __init__(self, message: str, *, failure: Any = None, **fields: Any) -> None:
        super().__init__(message, **fields)
        self.failure = failure


class GenerationFailed(LmrtError):  # noqa: N818 - the design's name
    """A loaded model failed while it answered."""


class BackendsDisagree(LmrtError):  # noqa: N818 - the design's name
    """Two backends gave different results where they must agree."""
