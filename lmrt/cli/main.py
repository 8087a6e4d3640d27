"""The entry point of `rt`."""

import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Annotated

import typer

from lmrt.cli import bench, doctor, models, parity, plan, prompt
from lmrt.cli.edge import debugging, fail
from lmrt.cli.exit_codes import ExitCode
from lmrt.cli.terminal import say
from lmrt.domain.errors import ConfigurationError, LmrtError

app = typer.Typer(
    name="rt",
    help="Run language models on this machine: probed, planned, explained.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("prompt")(prompt.prompt)
app.command("plan")(plan.plan)
app.command("bench")(bench.bench)
app.command("doctor")(doctor.doctor)
app.command("parity")(parity.parity)
app.add_typer(models.app, name="models")


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version as package_version

        sys.stdout.write(f"rt {package_version('lmrt')}\n")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Run language models on this machine: probed, planned, explained."""


def main() -> None:
    """Run the command line and exit the process with its code."""
    sys.excepthook = _unexpected
    _replace_closed_streams()
    try:
        code = app(standalone_mode=False)
    except typer.TyperException as error:
        code = _usage_error(error)
    except typer.Abort:
        code = ExitCode.INTERRUPTED
    sys.exit(int(code or 0))


def _replace_closed_streams() -> None:
    """Let what is written to a stream that the caller closed (`>&-`) go nowhere."""
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - it stays open until the end
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115


def _usage_error(error: typer.TyperException) -> int:
    """Show what is wrong with the command line, in the form of every other error."""
    if not error.format_message():  # the command's help was shown, since nothing was asked of it
        return ExitCode.USAGE
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "rt"
    wrapped = ConfigurationError(
        error.format_message().rstrip("."),
        code="invalid-option",
        hint=f"`{command} --help` shows what it takes",
    )
    try:
        fail(wrapped, ExitCode.USAGE, json="--json" in sys.argv)
    except typer.Exit as done:
        return done.exit_code


def _unexpected(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """Show an error that nobody expected: one line, or the traceback for whoever debugs."""
    if debugging():
        sys.__excepthook__(kind, error, traceback)
        return
    if isinstance(error, KeyboardInterrupt):
        say("interrupted")
        return
    wrapped = LmrtError(
        f"{kind.__name__}: {error}",
        code="internal-error",
        hint="this is a defect of lmrt; `RT_DEBUG=1` shows the traceback for a report",
    )
    try:
        fail(wrapped, ExitCode.INTERNAL, json="--json" in sys.argv)
    except typer.Exit:
        return


if __name__ == "__main__":
    main()
