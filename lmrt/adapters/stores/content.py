"""`DiskContent`: hashes and samples of files."""

import hashlib
import os
from pathlib import Path

from lmrt.domain.files import unreadable
from lmrt.domain.stores import ContentHash, GitBlob, Sha256

_PLACES = 64
_PIECE = 1024
_WHOLE = _PLACES * _PIECE
"""Bytes up to which a file is read whole for its sample."""


class DiskContent:
    """Reads files of this machine; a `FileContent`."""

    def size(self, path: Path) -> int:
        """Return a file's bytes, links followed.

        Raises:
            ConfigurationError: It is not there, or may not be read (`unreadable-input`).
        """
        try:
            return path.stat().st_size
        except OSError as error:
            raise unreadable(path, error) from error

    def hash(self, path: Path, like: ContentHash) -> ContentHash:
        """Return the hash of a file's bytes, read whole.

        Raises:
            ConfigurationError: It may not be read (`unreadable-input`).
        """
        try:
            with path.open("rb") as file:
                match like:
                    case Sha256():
                        return Sha256(hashlib.file_digest(file, "sha256").hexdigest())
                    case GitBlob():
                        size = path.stat().st_size
                        start = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
                        return GitBlob(hashlib.file_digest(file, lambda: start).hexdigest())
        except OSError as error:
            raise unreadable(path, error) from error

    def sample(self, path: Path, size: int) -> str:
        """Return a digest of the file's start, its end and places between.

        Fine-tuned models of one base have the same size and the same header, but other weights
        nearly everywhere: places all over the file tell them apart.

        Raises:
            ConfigurationError: It may not be read (`unreadable-input`).
        """
        digest = hashlib.sha256()
        try:
            with path.open("rb", buffering=0) as file:
                if size <= _WHOLE:
                    return hashlib.file_digest(file, lambda: digest).hexdigest()
                for place in range(_PLACES):
                    at = (size - _PIECE) * place // (_PLACES - 1)
                    digest.update(os.pread(file.fileno(), _PIECE, at))
        except OSError as error:
            raise unreadable(path, error) from error
        return digest.hexdigest()
