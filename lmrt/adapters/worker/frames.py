"""Frames over a socket: a JSON object each, with bytes behind it where numbers are many."""

import json
import socket
import struct
from threading import Lock

from attrs import frozen

from lmrt.domain.payloads import JsonObject

_SIZES = struct.Struct("!II")


@frozen
class Frame:
    """One message.

    Attributes:
        message: What it says.
        data: Bytes that go with it.
    """

    message: JsonObject
    data: bytes = b""


class Channel:
    """Both directions of one socket; any thread may send, one receives."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._incoming = connection.makefile("rb")
        self._sending = Lock()

    def send(self, message: JsonObject, data: bytes = b"") -> None:
        """Send a frame, whole.

        Raises:
            OSError: The other side is gone.
        """
        # What an error's context holds beside plain values is told as text
        text = json.dumps(message, separators=(",", ":"), default=str).encode("ascii")
        with self._sending:
            self._socket.sendall(b"".join((_SIZES.pack(len(text), len(data)), text, data)))

    def receive(self) -> Frame | None:
        """Return the next frame, or None where the other side is gone."""
        try:
            sizes = self._incoming.read(_SIZES.size)
            if len(sizes) < _SIZES.size:
                return None
            length, more = _SIZES.unpack(sizes)
            text, data = self._incoming.read(length), self._incoming.read(more)
        except OSError:
            return None
        if len(text) < length or len(data) < more:
            return None
        return Frame(json.loads(text), data)

    def close(self) -> None:
        """Hang up; the other side learns of it."""
        self._incoming.close()
        self._socket.close()
