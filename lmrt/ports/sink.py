"""Where streamed events go."""

from typing import Protocol

from lmrt.domain.responses import StreamEvent


class StreamSink(Protocol):
    """Takes the events of one answer."""

    def on_event(self, event: StreamEvent) -> None:
        """Take one event, on the thread that called `prompt`."""
        ...
