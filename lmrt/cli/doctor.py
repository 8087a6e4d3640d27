"""`rt doctor`: what this machine can run, proved by running it."""

from typing import TYPE_CHECKING

import typer

from lmrt.cli import options
from lmrt.cli.edge import edge
from lmrt.cli.exit_codes import ExitCode
from lmrt.cli.prompt import BUNDLED_MODEL
from lmrt.cli.terminal import print_json

if TYPE_CHECKING:
    from pathlib import Path

    from lmrt.domain.diagnosis import Diagnosis
    from lmrt.domain.surroundings import Surroundings


def doctor(save: options.SaveMachine = None, json: options.Json = False) -> None:
    """Show the machine and every backend, and let each available one answer a prompt.

    Exits with 0 only if some backend really ran.
    """
    with edge(json=json):
        from importlib.metadata import version

        from lmrt.application.doctor import diagnose
        from lmrt.bootstrap import machine_probe, runtime_client
        from lmrt.cli.settings import read_settings

        settings = read_settings()
        with runtime_client(aliases=settings.aliases) as client:
            if save is not None:
                _save(save, client.runtime_loader.surroundings())
            diagnosis = diagnose(client, machine_probe(), BUNDLED_MODEL, version("lmrt"))
        _show(diagnosis, json=json)
    if not diagnosis.works:
        raise typer.Exit(ExitCode.NO_EXECUTABLE_PLAN)


def _save(path: "Path", surroundings: "Surroundings") -> None:
    from lmrt.cli.saved import write_saved
    from lmrt.wire.machine import machine_payload

    write_saved(path, machine_payload(surroundings))


def _show(diagnosis: "Diagnosis", *, json: bool) -> None:
    if json:
        from lmrt.wire.diagnosis import diagnosis_payload

        print_json(diagnosis_payload(diagnosis))
        return
    import sys

    from lmrt.cli.doctor_text import diagnosis_lines

    sys.stdout.write("\n".join(diagnosis_lines(diagnosis)) + "\n")
