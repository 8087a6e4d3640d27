"""`rt doctor`: what this machine can run, proved by running it, and what mends the rest."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lmrt.cli import options
from lmrt.cli.edge import debugging, edge
from lmrt.cli.exit_codes import ExitCode
from lmrt.cli.prompt import BUNDLED_MODEL
from lmrt.cli.terminal import print_json

if TYPE_CHECKING:
    from lmrt.application.client import RuntimeClient
    from lmrt.cli.settings import Settings
    from lmrt.domain.diagnosis import Diagnosis
    from lmrt.domain.remedies import Remedy
    from lmrt.domain.surroundings import Surroundings

_SECONDS = 60.0
_CHILD = ("-P", "-m", "lmrt.cli.doctor_child")
"""`-P` keeps what lies in the current folder from being imported."""

Online = Annotated[
    bool, typer.Option("--online", help="Ask the Hub whether it answers and takes your token.")
]
Timeout = Annotated[
    float,
    typer.Option(
        metavar="SECONDS", min=1.0, max=3600.0, help="How long each backend may take to answer."
    ),
]
AsReport = Annotated[
    bool,
    typer.Option(
        "--report",
        help="Print a Markdown block for a bug report, with nothing private in it.",
        rich_help_panel=options.OUTPUT,
    ),
]
LastError = Annotated[
    Path | None,
    typer.Option(
        "--error",
        metavar="FILE",
        help="Add the error in a file to the report; - for standard input.",
        rich_help_panel=options.OUTPUT,
    ),
]


def doctor(
    online: Online = False,
    timeout: Timeout = _SECONDS,
    save: options.SaveMachine = None,
    report: AsReport = False,
    error: LastError = None,
    json: options.Json = False,
) -> None:
    """Show the machine and every backend, let each answer a prompt, and say what mends the rest.

    Exits with 0 only if some backend really ran.
    """
    with edge(json=json):
        from lmrt.bootstrap.client import runtime_client
        from lmrt.bootstrap.machine import machine_probe
        from lmrt.cli.doctor_inputs import last_error, refuse_both
        from lmrt.cli.ledgers import ledger_of

        refuse_both(report=report, json=json, error=error)
        told = None if error is None else last_error(error)
        settings, wrong = _settings()
        # First, so that no engine disturbs it; kept from then on
        machine_probe(measure=True).inspect()
        with runtime_client(aliases=settings.aliases, ledger=ledger_of(settings)) as client:
            surroundings = client.runtime_loader.surroundings()
            if save is not None:
                _save(save, surroundings)
            diagnosis = _diagnosis(surroundings, settings, wrong, online=online, seconds=timeout)
            if report:
                _print_report(client, diagnosis, told)
            else:
                _show(diagnosis, json=json)
    if not diagnosis.works:
        raise typer.Exit(ExitCode.NO_EXECUTABLE_PLAN)


def _settings() -> "tuple[Settings, tuple[Remedy, ...]]":
    """Return the user's settings, the default ones where the file is broken, and what is wrong."""
    from lmrt.cli.settings import Settings, read_settings
    from lmrt.domain.errors import ConfigurationError
    from lmrt.domain.remedies_hub import HubOffline
    from lmrt.domain.remedies_machine import DebugOn, InvalidConfigFile

    wrong: list[Remedy] = []
    try:
        settings = read_settings()
    except ConfigurationError as error:
        wrong.append(InvalidConfigFile(error.message, error.hint))
        settings = Settings()
    if settings.offline:
        wrong.append(HubOffline())
    if debugging():
        wrong.append(DebugOn())
    return settings, tuple(wrong)


def _diagnosis(
    surroundings: "Surroundings",
    settings: "Settings",
    wrong: "tuple[Remedy, ...]",
    *,
    online: bool,
    seconds: float,
) -> "Diagnosis":
    from importlib.metadata import version

    from lmrt.application.doctor import Known, Patient, diagnose
    from lmrt.bootstrap.doctor import engine_advice, examiner, health_checks, memory_holders
    from lmrt.cli.settings import Settings, read_hub_token

    usual = settings.models_dir == Settings().models_dir
    checks = health_checks(
        None if usual else settings.models_dir,
        token=read_hub_token(),
        online=online and not settings.offline,
    )
    patient = Patient(
        version("lmrt"),
        surroundings.machine,
        surroundings.probes,
        engine_advice(),
        memory_holders,
    )
    return diagnose(patient, examiner((sys.executable, *_CHILD), seconds), (Known(wrong), *checks))


def _save(path: "Path", surroundings: "Surroundings") -> None:
    from lmrt.cli.saved import write_saved
    from lmrt.wire.machine import machine_payload

    write_saved(path, machine_payload(surroundings))


def _show(diagnosis: "Diagnosis", *, json: bool) -> None:
    if json:
        from lmrt.wire.diagnosis import diagnosis_payload

        print_json(diagnosis_payload(diagnosis))
        return
    from lmrt.cli.doctor_text import diagnosis_lines

    sys.stdout.write("\n".join(diagnosis_lines(diagnosis)) + "\n")


def _print_report(client: "RuntimeClient", diagnosis: "Diagnosis", told: str | None) -> None:
    from lmrt.bootstrap.models import bundled_models
    from lmrt.cli.doctor_inputs import plan_text
    from lmrt.cli.doctor_report import Report, private_to_this_user, report_text
    from lmrt.cli.settings import read_variables

    variables = read_variables()
    plan = plan_text(client, str(bundled_models()[BUNDLED_MODEL]))
    report = Report(diagnosis, plan, told, variables)
    sys.stdout.write(report_text(report, private_to_this_user(variables)))
