"""What is said when a model's file is malformed, missing or out of reach."""

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from lmrt.domain.errors import ConfigurationError, LoadFailed

DOWNLOAD_AGAIN = "download the file again"

_LONGEST_TEXT = 500
"""Letters of a message about a file: what it quotes of the file may be of any length."""


def printable(text: str) -> str:
    """Return the text with escapes for line breaks and whatever else could confuse a terminal."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )


def malformed_file(
    path: PurePath, what: str, *, hint: str = DOWNLOAD_AGAIN, **context: Any
) -> LoadFailed:
    """Return the error for a file that is not what it should be.

    Args:
        path: The file.
        what: Goes on after its name: `is truncated: …`, `holds …`. What it quotes of the file may
            be anything: only its printable characters are shown as they are.
        hint: What to do about it.
        context: More facts, such as the `offset` in bytes where the file is wrong.
    """
    if len(what) > _LONGEST_TEXT:
        what = what[:_LONGEST_TEXT] + "…"
    return LoadFailed(
        printable(f"`{path}` {what}"),
        code="malformed-file",
        context={"path": str(path), "what": what, **context},
        hint=hint,
    )


def missing_parts(folder: PurePath, missing: Sequence[str], whole: str) -> LoadFailed:
    """Return the error for a model of several files of which some are not there.

    Args:
        folder: Where they should be.
        missing: The names of those that are not.
        whole: What they are parts of, for the message.
    """
    names = ", ".join(f"`{name}`" for name in missing[:3])
    if len(missing) > 3:
        names += f" and {len(missing) - 3} more"
    what = f"lacks {names} of {whole}"
    hint = "download the missing files into that folder"
    return malformed_file(folder, what, hint=hint, missing=list(missing))


def unreadable(path: PurePath, reason: OSError) -> ConfigurationError:
    """Return the error for a file or folder that the system does not let us read."""
    return ConfigurationError(
        f"`{path}` cannot be read: {reason.strerror or reason}",
        code="unreadable-input",
        context={"path": str(path), "errno": reason.errno},
        hint="check that it exists and that you may read it",
    )
