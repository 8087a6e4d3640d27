"""A flag that stops a running computation, read by the engine without the GIL.

The engine asks its abort callback before every operation of a graph, tens to thousands of times a
token. A Python callback would take the GIL each time, so the callback is the C library's `strlen`
over two bytes of ours: an empty string lets the engine go on, a string of one letter stops it.
"""

import ctypes
from typing import Any

_GO, _STOP = b"\0", b"\1"


class AbortFlag:
    """Stops the computations of one context while it is set."""

    def __init__(self) -> None:
        self._letters = ctypes.create_string_buffer(2)

    def set(self, stop: bool) -> None:
        """Stop, or let go on; from any thread."""
        self._letters[0] = _STOP if stop else _GO

    def install(self, params: Any, api: Any) -> None:
        """Make the context parameters read this flag, which must outlive the context."""
        strlen = ctypes.cast(ctypes.CDLL(None).strlen, ctypes.c_void_p).value
        params.abort_callback = api.ggml_abort_callback(strlen)
        params.abort_callback_data = ctypes.addressof(self._letters)
