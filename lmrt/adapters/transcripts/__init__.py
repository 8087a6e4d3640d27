"""Transcripts as files."""

from collections.abc import Callable
from pathlib import Path

from lmrt.domain.errors import ConfigurationError
from lmrt.domain.transcripts import Transcript


class FileTranscripts:
    """Implements `lmrt.ports.transcripts.TranscriptStore` with one file a transcript.

    Args:
        encode: Turns a transcript into the file's text.
        decode: The other way round; raises `ConfigurationError` for text that is no transcript.
        write: Writes a file whole or not at all.
    """

    def __init__(
        self,
        encode: Callable[[Transcript], str],
        decode: Callable[[str], Transcript],
        write: Callable[[Path, bytes], None],
    ) -> None:
        self._encode = encode
        self._decode = decode
        self._write = write

    def load(self, path: Path) -> Transcript | None:
        """Return the transcript at `path`, or None where there is none."""
        try:
            return self._decode(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise _invalid(path, str(error)) from error
        except ConfigurationError as error:
            raise _invalid(path, error.message) from error

    def save(self, path: Path, transcript: Transcript) -> None:
        """Write the transcript whole or not at all."""
        try:
            self._write(path, self._encode(transcript).encode())
        except OSError as error:
            raise ConfigurationError(
                f"`{path}` cannot be written: {error.strerror or error}",
                code="unwritable-output",
                context={"path": str(path)},
                hint="choose a path in a folder that exists and that you may write to",
            ) from error


def _invalid(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"`{path}` is no transcript: {why}",
        code="invalid-transcript",
        context={"path": str(path)},
        hint="the file is left as it is; choose another path for this session",
    )
