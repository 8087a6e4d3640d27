"""The worker process itself: one engine, one loaded model, one thread that owns it."""

import faulthandler
import os
import socket
from array import array
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from lmrt.adapters.worker.frames import Channel, Frame
from lmrt.adapters.worker.messages import error_out, events_out, facts_out, request_in
from lmrt.domain.payloads import JsonObject
from lmrt.domain.plans import RuntimePlan
from lmrt.domain.sequences import AtCapacity, SequenceHandle
from lmrt.ports.backend import Backend, LoadedModel


def serve(
    descriptor: int, backends: Mapping[str, Backend], read_plan: Callable[[Any], RuntimePlan]
) -> None:
    """Serve one model to the process at the other end of a socket; ends this process.

    Args:
        descriptor: Number of this process's end of the socket.
        backends: The backends by id.
        read_plan: Returns the plan of what `WorkerBackend.write_plan` made of it.
    """
    faulthandler.enable()
    server = _Server(Channel(socket.socket(fileno=descriptor)), backends, read_plan)
    Thread(target=server.listen, daemon=True, name="lmrt-listen").start()
    while True:
        server.answer()


class _Server:
    def __init__(
        self,
        channel: Channel,
        backends: Mapping[str, Backend],
        read_plan: Callable[[Any], RuntimePlan],
    ) -> None:
        self._channel = channel
        self._backends = backends
        self._read_plan = read_plan
        self._calls: SimpleQueue[JsonObject] = SimpleQueue()
        self._model: LoadedModel | None = None

    def listen(self) -> None:
        """Pass calls on to the thread that owns the model, and releases past it.

        Where the parent is gone the process ends at once, whatever the engine computes.
        """
        while (frame := self._channel.receive()) is not None:
            if frame.message["call"] == "release":
                if self._model is not None:
                    self._model.release(SequenceHandle(frame.message["handle"]))
            else:
                self._calls.put(frame.message)
        os._exit(0)

    def answer(self) -> None:
        """Wait for a call, make it, and send what comes of it."""
        call = self._calls.get()
        try:
            answer = self._load(call) if self._model is None else self._made(self._model, call)
        except Exception as error:  # noqa: BLE001 - raised again by the parent
            answer = Frame(error_out(error))
        self._reply(answer)
        if call["call"] == "close":
            # Nothing is left to be done, and engines have been seen to crash at a regular exit
            os._exit(0)

    def _load(self, call: JsonObject) -> Frame:
        backend, root = self._backends[call["backend"]], Path(call["root"])
        progress = self._tell if call["progress"] else None
        self._model = backend.load(self._read_plan(call["plan"]), root, progress)
        return Frame({"facts": facts_out(self._model.facts)})

    def _made(self, model: LoadedModel, call: JsonObject) -> Frame:
        match call["call"]:
            case "admit":
                admitted = model.admit(request_in(call["request"]))
                return Frame({"handle": None if isinstance(admitted, AtCapacity) else admitted})
            case "step":
                return Frame({"events": events_out(model.step())})
            case "logits":
                return _row(model.logits(call["tokens"]))
            case _:
                model.close()
                return Frame({})

    def _tell(self, share: float) -> None:
        self._channel.send({"progress": share})

    def _reply(self, answer: Frame) -> None:
        try:
            self._channel.send(answer.message, answer.data)
        except OSError:
            os._exit(0)


def _row(logits: Sequence[float]) -> Frame:
    """Return logits as bytes: of 32 bits as the engine has them, else of 64."""
    try:
        view = memoryview(logits)  # type: ignore[arg-type]
    except TypeError:
        view = memoryview(array("d", logits))
    numbers = view if view.format in ("f", "d") else memoryview(array("d", logits))
    return Frame({"numbers": numbers.format}, numbers.tobytes())
