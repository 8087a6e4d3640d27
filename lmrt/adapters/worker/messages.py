"""The values that cross the boundary, as plain JSON values and back."""

import traceback
from collections.abc import Iterable
from functools import cache
from typing import Any, get_args

from attrs import asdict

from lmrt.domain import errors
from lmrt.domain.errors import LmrtError, LoadFailed
from lmrt.domain.failures import MAIN_MEMORY, LoadFailure, OutOfMemory, load_failed
from lmrt.domain.payloads import JsonObject
from lmrt.domain.sequences import (
    EndReason,
    LoadedFacts,
    PrefillDone,
    SequenceEnded,
    SequenceEvent,
    SequenceFailed,
    SequenceHandle,
    SequenceRequest,
    TokenLogprobs,
    TokenSampled,
)

_ERRORS: dict[str, type[LmrtError]] = {
    kind.__name__: kind
    for kind in (
        LmrtError,
        errors.ConfigurationError,
        errors.ModelNotFound,
        errors.NotMaterialized,
        errors.LoadFailed,
        errors.GenerationFailed,
    )
}
_FAILURES = {kind.code: kind for kind in get_args(LoadFailure)}


class WorkerDefect(RuntimeError):  # noqa: N818 - no error of the user's: a defect there
    """Something in the worker process raised what is no error of ours; with its traceback."""


@cache
def _converter() -> Any:
    from cattrs.preconf.json import make_converter

    return make_converter()


def request_out(request: SequenceRequest) -> Any:
    """Return a request as JSON values."""
    return _converter().unstructure(request)


def request_in(found: Any) -> SequenceRequest:
    """Return the request of JSON values."""
    request: SequenceRequest = _converter().structure(found, SequenceRequest)
    return request


def facts_out(facts: LoadedFacts) -> Any:
    """Return facts as JSON values."""
    return _converter().unstructure(facts)


def facts_in(found: Any) -> LoadedFacts:
    """Return the facts of JSON values."""
    facts: LoadedFacts = _converter().structure(found, LoadedFacts)
    return facts


def events_out(events: Iterable[SequenceEvent]) -> list[list[Any]]:
    """Return events as lists that begin with a letter for their kind."""
    return [_event_out(event) for event in events]


def _event_out(event: SequenceEvent) -> list[Any]:
    match event:
        case TokenSampled(handle, token, logprobs):
            if logprobs is None:
                return ["t", handle, token]
            return ["l", handle, token, logprobs.chosen, logprobs.top]
        case PrefillDone(handle, reused, processed):
            return ["p", handle, reused, processed]
        case SequenceEnded(handle, reason):
            return ["e", handle, str(reason)]
        case SequenceFailed(handle, message):
            return ["f", handle, message]


def events_in(found: Iterable[list[Any]]) -> list[SequenceEvent]:
    """Return the events of such lists."""
    return [_event_in(kind, SequenceHandle(handle), rest) for kind, handle, *rest in found]


def _event_in(kind: str, handle: SequenceHandle, rest: list[Any]) -> SequenceEvent:
    match kind, rest:
        case "t", [token]:
            return TokenSampled(handle, token)
        case "l", [token, chosen, top]:
            pairs = tuple((entry, value) for entry, value in top)
            return TokenSampled(handle, token, TokenLogprobs(chosen, pairs))
        case "p", [reused, processed]:
            return PrefillDone(handle, reused, processed)
        case "e", [reason]:
            return SequenceEnded(handle, EndReason(reason))
        case _:
            return SequenceFailed(handle, str(rest[0]))


def error_out(error: Exception) -> JsonObject:
    """Return what a call raised as JSON values; what is no error of ours as its traceback."""
    if isinstance(error, MemoryError):
        told = OutOfMemory(MAIN_MEMORY, "the process could not allocate memory")
        error = load_failed("the engine's process could not go on", told)
    if not isinstance(error, LmrtError):
        return {"defect": "".join(traceback.format_exception(error))}
    failure = error.failure if isinstance(error, LoadFailed) else None
    kind = next(each.__name__ for each in type(error).__mro__ if each.__name__ in _ERRORS)
    return {
        "error": kind,
        "message": error.message,
        "code": error.code,
        "context": error.context,
        "note": error.note,
        "hint": error.hint,
        "failure": None if failure is None else {"code": failure.code, **asdict(failure)},
    }


def error_in(found: JsonObject) -> Exception:
    """Return the exception of such values."""
    if "defect" in found:
        return WorkerDefect(found["defect"])
    kind = _ERRORS[found["error"]]
    fields = {name: found[name] for name in ("code", "context", "note", "hint")}
    failure = found["failure"]
    if kind is LoadFailed and failure is not None:
        rest = {name: value for name, value in failure.items() if name != "code"}
        fields["failure"] = _FAILURES[failure["code"]](**rest)
    return kind(found["message"], **fields)
