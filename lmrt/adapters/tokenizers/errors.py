"""What is wrong with tokenizer files, as the project's errors."""

from pathlib import Path

from lmrt.domain.errors import LoadFailed
from lmrt.domain.files import printable

_LONGEST = 300
"""Letters of a reason: what it quotes of the file may be of any length."""


def malformed(path: Path, why: str, *, hint: str | None = None) -> LoadFailed:
    """Return the error for a tokenizer file that cannot be used; `why` is a clause."""
    if len(why) > _LONGEST:
        why = why[:_LONGEST] + "…"
    return LoadFailed(
        printable(f"`{path}` is malformed: {why}"),
        code="malformed-file",
        context={"path": str(path), "reason": why},
        hint=hint or "fetch the model's files again",
    )
