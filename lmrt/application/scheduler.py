"""One engine thread per loaded model, shared by every caller."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from threading import Event, Lock
from typing import TypeVar

from lmrt.domain.errors import ConfigurationError, GenerationFailed, LmrtError
from lmrt.domain.sequences import (
    AtCapacity,
    LoadedFacts,
    SequenceEnded,
    SequenceEvent,
    SequenceFailed,
    SequenceHandle,
    SequenceRequest,
)
from lmrt.ports.backend import LoadedModel

Result = TypeVar("Result")


class SequenceStream:
    """The events of one sequence, as they happen; iterate once, from one thread."""

    def __init__(
        self, request: SequenceRequest, cancel: "Callable[[SequenceStream], None]"
    ) -> None:
        self.request = request
        self.handle: SequenceHandle | None = None
        self.cancelled = Event()
        self._cancel = cancel
        self._queue: SimpleQueue[SequenceEvent | BaseException] = SimpleQueue()

    def put(self, event: SequenceEvent | BaseException) -> None:
        """Hand an event, or the error that ends the stream, to the consumer."""
        self._queue.put(event)

    def cancel(self) -> None:
        """End the sequence early; from any thread, harmless once it has ended."""
        self._cancel(self)

    def __iter__(self) -> Iterator[SequenceEvent]:
        while True:
            match event := self._queue.get():
                case BaseException():
                    raise event
                case SequenceFailed(_, message):
                    raise GenerationFailed(message, code="generation-failed")
                case SequenceEnded():
                    yield event
                    return
                case _:
                    yield event


class Scheduler:
    """Owns the thread that owns a loaded model, and steps it while there is work.

    Sequences are admitted in the order in which they came. `load` runs on the engine thread;
    its error is raised here and leaves no thread behind.

    Args:
        load: Loads the model.
        name: Names the thread.
    """

    def __init__(self, load: Callable[[], LoadedModel], name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"lmrt-{name}")
        self._lock = Lock()
        self._waiting: deque[SequenceStream] = deque()
        self._live: dict[SequenceHandle, SequenceStream] = {}
        self._pumping = False
        self._closed = False
        self._failure: BaseException | None = None
        loading = self._pool.submit(load)
        if (failure := loading.exception()) is not None:
            self._pool.shutdown(wait=False)
            raise failure
        self._model = loading.result()
        self.facts: LoadedFacts = self._model.facts

    def submit(self, request: SequenceRequest) -> SequenceStream:
        """Queue a sequence and return its events.

        Raises:
            ConfigurationError: The runtime is closed (`runtime-closed`).
        """
        stream = SequenceStream(request, self._cancel)
        with self._lock:
            self._refuse_if_over()
            self._waiting.append(stream)
            if not self._pumping:
                self._pumping = True
                self._pool.submit(self._pump).add_done_callback(self._pumped)
        return stream

    def run(self, call: Callable[[LoadedModel], Result]) -> Result:
        """Call a function with the model on the engine thread, once no sequence is live."""
        with self._lock:
            self._refuse_if_over()
            future = self._pool.submit(call, self._model)
        return future.result()

    @property
    def failed(self) -> bool:
        """Whether the engine failed as a whole, so that nothing can be run any more."""
        with self._lock:
            return self._failure is not None

    def close(self) -> None:
        """End every sequence and free the model; a second call does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            streams = (*self._waiting, *self._live.values())
        for stream in streams:
            self._cancel(stream)
        self._pool.submit(self._model.close).result()
        self._pool.shutdown()

    def _refuse_if_over(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._closed:
            raise runtime_closed()

    def _cancel(self, stream: SequenceStream) -> None:
        with self._lock:
            stream.cancelled.set()
            handle = stream.handle
        if handle is not None:
            self._model.release(handle)

    def _pump(self) -> None:
        while self._admit_waiting():
            for event in self._model.step():
                self._route(event)

    def _admit_waiting(self) -> bool:
        """Admit what has room; return whether there is anything to step."""
        while True:
            with self._lock:
                stream = self._waiting[0] if self._waiting else None
                if stream is None:
                    self._pumping = bool(self._live)
                    return self._pumping
            if not self._admit(stream):
                return True
            self._waiting.popleft()

    def _admit(self, stream: SequenceStream) -> bool:
        """Admit one sequence, or end it; return False while it has to wait."""
        if stream.cancelled.is_set():
            stream.put(runtime_closed())
            return True
        try:
            admitted = self._model.admit(stream.request)
        except GenerationFailed:
            # Not about this sequence: the engine is gone, for all who wait and all who come
            raise
        except LmrtError as error:
            stream.put(error)
            return True
        match admitted:
            case AtCapacity():
                if self._live:
                    return False
                stream.put(_no_room())
                return True
            case handle:
                self._live[handle] = stream
                with self._lock:
                    stream.handle = handle
                    cancelled = stream.cancelled.is_set()
                if cancelled:
                    self._model.release(handle)
                return True

    def _route(self, event: SequenceEvent) -> None:
        match event:
            case SequenceEnded(handle, _) | SequenceFailed(handle, _):
                self._live.pop(handle).put(event)
            case _:
                self._live[event.handle].put(event)

    def _pumped(self, pump: "Future[None]") -> None:
        """Pass an engine's failure on to everyone who waits for it."""
        failure = pump.exception()
        if failure is None:
            return
        with self._lock:
            self._failure = failure
            self._pumping = False
            streams = (*self._live.values(), *self._waiting)
            self._live.clear()
            self._waiting.clear()
        for stream in streams:
            stream.put(failure)


def runtime_closed() -> ConfigurationError:
    """Return the error for the use of a runtime after its end."""
    return ConfigurationError(
        "the runtime is closed",
        code="runtime-closed",
        hint="prompt inside the `with` block, or make a new `RuntimeClient`",
    )


def _no_room() -> GenerationFailed:
    return GenerationFailed(
        "the loaded model has no room for a sequence although none is live",
        code="generation-failed",
    )
