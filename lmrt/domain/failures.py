"""Why a load failed, as far as that decides what may be tried instead."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from attrs import frozen

from lmrt.domain.errors import LoadFailed
from lmrt.domain.models import Artifact
from lmrt.domain.plans import Candidate

MAIN_MEMORY = "cpu"
"""The pool's name of main memory, as in `MemoryExceeded`."""

_OUT_OF_MEMORY_KILLER = "SIGKILL"
_NO_MEMORY = re.compile(
    r"bad_alloc|failed to allocate|[Cc]annot allocate|can't allocate|out of memory|MemoryError"
    r"|mem_buffer != NULL"
)
"""What engines write when they abort since an allocation failed; the last is ggml's."""

_DOCTOR = "`rt doctor` shows what is wrong with the backend"
_LESS_MEMORY = (
    "close what else takes memory, or ask for less: a smaller `--context`, `--kv-type q8_0`, a "
    "smaller quantization"
)


@frozen
class OutOfMemory:
    """An allocation failed.

    Attributes:
        pool: Which memory ran out: `cpu` for main memory, or an accelerator's device name.
        told: What the engine said, one line.
    """

    code: ClassVar[str] = "out-of-memory"
    pool: str
    told: str


@frozen
class Malformed:
    """A file is not what it should be, so no engine can read it."""

    code: ClassVar[str] = "malformed"
    told: str


@frozen
class Unsupported:
    """This version of the engine cannot run such a model; another engine may."""

    code: ClassVar[str] = "unsupported"
    told: str


@frozen
class EngineUnusable:
    """The engine itself cannot be imported or started, whatever the model."""

    code: ClassVar[str] = "unusable"
    told: str


@frozen
class EngineCrashed:
    """The process of the engine ended.

    Attributes:
        signal: The name of the signal that ended it, or None where it left by itself.
        told: What it wrote last, one line.
    """

    code: ClassVar[str] = "crashed"
    signal: str | None
    told: str

    @property
    def for_memory(self) -> bool:
        """Whether main memory ran out: it was killed from outside, or its last words tell."""
        return self.signal == _OUT_OF_MEMORY_KILLER or bool(_NO_MEMORY.search(self.told))


@frozen
class OtherFailure:
    """Anything else."""

    code: ClassVar[str] = "other"
    told: str


LoadFailure = OutOfMemory | Malformed | Unsupported | EngineUnusable | EngineCrashed | OtherFailure


@frozen
class FailedLoad:
    """A candidate that was loaded in vain.

    Attributes:
        artifact: What was loaded.
        candidate: How.
        failure: Why it failed.
    """

    artifact: Artifact
    candidate: Candidate
    failure: LoadFailure


def load_failed(
    message: str,
    failure: LoadFailure,
    *,
    context: Mapping[str, Any] | None = None,
    hint: str | None = None,
) -> LoadFailed:
    """Return the error of a failure, with the engine's own words as its note.

    Args:
        message: What could not be loaded.
        failure: Why.
        context: Facts behind the message.
        hint: What to do about it, where it is not the same for all failures of the sort.
    """
    fields = {"context": context, "note": failure.told, "failure": failure}
    match failure:
        case OutOfMemory(pool, _):
            told = {**(context or {}), "pool": pool}
            return LoadFailed(
                f"{message}: {describe_failure(failure)}",
                code="out-of-memory",
                **{**fields, "context": told},
                hint=hint or _LESS_MEMORY,
            )
        case EngineCrashed(signal, _):
            told = {**(context or {}), "signal": signal}
            return LoadFailed(
                f"{message}: {describe_failure(failure)}",
                code="engine-crashed",
                **{**fields, "context": told},
                hint=hint or (_LESS_MEMORY if failure.for_memory else _DOCTOR),
            )
        case _:
            return LoadFailed(message, code="engine-load-failed", **fields, hint=hint)


def failure_of(error: LoadFailed) -> LoadFailure:
    """Return why a load failed, by the error's code where nothing more exact is known."""
    told = error.note or error.message
    match error.failure:
        case (
            OutOfMemory()
            | Malformed()
            | Unsupported()
            | EngineUnusable()
            | EngineCrashed()
            | OtherFailure()
        ) as failure:
            return failure
        case _ if error.code == "malformed-file":
            return Malformed(told)
        case _:
            return OtherFailure(told)


def describe_failure(failure: LoadFailure) -> str:
    """Return what went wrong, as a clause without the engine's own words."""
    match failure:
        case OutOfMemory("cpu", _):
            return "main memory ran out"
        case OutOfMemory(pool, _):
            return f"memory on `{pool}` ran out"
        case Malformed():
            return "a file is malformed"
        case Unsupported():
            return "this version of the engine does not support it"
        case EngineUnusable():
            return "the engine cannot be started"
        case EngineCrashed(signal, _):
            return describe_end(signal)
        case OtherFailure():
            return "the engine refused it"


def describe_end(signal: str | None) -> str:
    """Return how the process of an engine ended, as a clause.

    Args:
        signal: The name of the signal that ended it, or None where it left by itself.
    """
    if signal is None:
        return "the engine's process ended"
    if signal == _OUT_OF_MEMORY_KILLER:
        return f"the engine's process was killed ({signal}), as happens when main memory runs out"
    return f"the engine crashed ({signal})"
