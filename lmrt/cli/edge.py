"""The edge of every command: errors become text or JSON, and an exit code."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from lmrt.cli.exit_codes import ExitCode, exit_code
from lmrt.cli.terminal import print_json, say, show_error
from lmrt.domain.errors import LmrtError


@contextmanager
def edge(*, json: bool) -> Iterator[None]:
    """Run a command's body; expected errors end the process with their exit code.

    Args:
        json: Whether a failure is printed as a JSON document on stdout.
    """
    try:
        yield
    except LmrtError as error:
        fail(error, exit_code(error), json=json)
    except KeyboardInterrupt:
        interrupted(json=json)
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    except BrokenPipeError:
        _silence_stdout()
        raise typer.Exit(ExitCode.DONE) from None


def fail(error: LmrtError, code: ExitCode, *, json: bool) -> NoReturn:
    """Show an error and end the command with an exit code.

    Raises:
        LmrtError: The error itself, where `RT_DEBUG` asks for tracebacks.
        typer.Exit: Otherwise.
    """
    if json:
        from lmrt.wire.error import error_payload

        print_json(error_payload(error, int(code)))
    else:
        show_error(error)
    if debugging():
        import traceback

        traceback.print_exception(error)
    raise typer.Exit(code)


def interrupted(*, json: bool, what: str = "interrupted") -> None:
    """Say that the user stopped the command."""
    if json:
        from lmrt.wire.error import error_payload

        error = LmrtError("interrupted", code="interrupted")
        print_json(error_payload(error, int(ExitCode.INTERRUPTED)))
    else:
        say(what)


def debugging() -> bool:
    """Return whether the user asked for tracebacks (`RT_DEBUG`)."""
    return os.environ.get("RT_DEBUG", "") not in ("", "0")


def _silence_stdout() -> None:
    """Keep the interpreter from flushing into the closed pipe when it exits."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
