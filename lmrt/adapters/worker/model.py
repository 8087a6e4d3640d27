"""A model in another process."""

from array import array
from collections.abc import Sequence
from contextlib import suppress

from lmrt.adapters.worker.frames import Frame
from lmrt.adapters.worker.messages import events_in, request_out
from lmrt.adapters.worker.process import Ended, Worker
from lmrt.domain.errors import ConfigurationError, GenerationFailed, LmrtError
from lmrt.domain.failures import describe_end
from lmrt.domain.payloads import JsonObject
from lmrt.domain.sequences import (
    AtCapacity,
    LoadedFacts,
    SequenceEvent,
    SequenceHandle,
    SequenceRequest,
)

_DOCTOR = "`rt doctor` shows what is wrong with the backend"


class WorkerModel:
    """`LoadedModel` over a worker process; see the port for what each method promises."""

    def __init__(self, worker: Worker, facts: LoadedFacts, backend: str) -> None:
        self._worker = worker
        self._facts = facts
        self._backend = backend
        self._failure: LmrtError | None = None
        self._closed = False

    @property
    def facts(self) -> LoadedFacts:
        """What the engine reports about the load."""
        return self._facts

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._worker.pid

    def admit(self, request: SequenceRequest) -> SequenceHandle | AtCapacity:
        """Take a sequence in."""
        handle = self._call({"call": "admit", "request": request_out(request)}).message["handle"]
        return AtCapacity() if handle is None else SequenceHandle(handle)

    def step(self) -> Sequence[SequenceEvent]:
        """Advance every live sequence."""
        return events_in(self._call({"call": "step"}).message["events"])

    def release(self, handle: SequenceHandle) -> None:
        """End a sequence early; from any thread."""
        if self._failure is None:
            self._worker.notify({"call": "release", "handle": handle})

    def logits(self, tokens: Sequence[int]) -> Sequence[float]:
        """Return the logits of the token that follows `tokens`."""
        answer = self._call({"call": "logits", "tokens": list(tokens)})
        row = array(answer.message["numbers"])
        row.frombytes(answer.data)
        return row

    def close(self) -> None:
        """Free everything and end the process; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        if self._failure is None:
            with suppress(Ended):
                self._worker.call({"call": "close"})
        self._failure = ConfigurationError("the model is closed", code="runtime-closed")
        self._worker.end()

    def _call(self, message: JsonObject) -> Frame:
        if self._failure is not None:
            raise self._failure
        try:
            return self._worker.call(message)
        except Ended as end:
            self._failure = self._crashed(end)
        raise self._failure

    def _crashed(self, end: Ended) -> GenerationFailed:
        return GenerationFailed(
            f"`{self._backend}` failed to answer: {describe_end(end.signal)}",
            code="engine-crashed",
            context={"backend": self._backend, "signal": end.signal},
            note=end.told,
            hint=_DOCTOR,
        )
