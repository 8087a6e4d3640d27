"""What `rt doctor --report` takes in: the last error, and the plan of the bundled model."""

import sys
from pathlib import Path

from lmrt.application.client import RuntimeClient
from lmrt.cli.explain import plan_lines
from lmrt.cli.ledger import ledger_lines
from lmrt.cli.terminal import error_text
from lmrt.domain.config import RuntimeConfig
from lmrt.domain.errors import ConfigurationError, LmrtError
from lmrt.domain.files import unreadable

_LARGEST = 2**20
"""Bytes of an error that are read, the last ones of a file being the ones that matter."""


def refuse_both(*, report: bool, json: bool, error: Path | None) -> None:
    """Check that the options go together.

    Raises:
        ConfigurationError: They do not (`invalid-option`).
    """
    if report and json:
        raise ConfigurationError(
            "`--report` and `--json` cannot be given together",
            code="invalid-option",
            context={"option": "report", "others": ["json"]},
            hint="`--json` is for programs, and holds paths; `--report` is for a bug report",
        )
    if error is not None and not report:
        raise ConfigurationError(
            "`--error` adds to a report, and `--report` is not given",
            code="invalid-option",
            context={"option": "error", "value": str(error)},
            hint="give `--report` too",
        )


def last_error(path: Path) -> str:
    """Return the text of a file, or of standard input for `-`, without what drives terminals.

    Raises:
        ConfigurationError: It cannot be read (`unreadable-input`).
    """
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(_LARGEST)
        else:
            with path.expanduser().open("rb") as file:
                data = file.read(_LARGEST)
    except OSError as error:
        raise unreadable(path, error) from error
    return data.decode("utf-8", "replace")


def plan_text(client: RuntimeClient, model: str) -> tuple[str, ...]:
    """Return the plan of a model with what was rejected, or the error that stands in its way."""
    try:
        plan = client.plan(RuntimeConfig(model, offline=True))
    except LmrtError as error:
        return tuple(error_text(error).splitlines())
    return (*plan_lines(plan), *ledger_lines(plan.alternatives))
