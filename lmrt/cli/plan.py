"""`rt plan`: show how a model would run, and why."""

from typing import TYPE_CHECKING, Annotated

import typer

from lmrt.cli import options
from lmrt.cli.edge import edge
from lmrt.cli.prompt import BUNDLED_MODEL
from lmrt.cli.terminal import print_json, say, show_notice, table_console

if TYPE_CHECKING:
    from pathlib import Path

    from rich.table import Table

    from lmrt.domain.plans import RuntimePlan
    from lmrt.domain.surroundings import Surroundings


def plan(
    model: Annotated[
        str | None, typer.Argument(help="Alias, path, name or Hub repository.", metavar="[MODEL]")
    ] = None,
    backend: options.Backend = None,
    device: options.Device = None,
    context: options.Context = None,
    kv_type: options.KvTypeOption = None,
    dtype: options.DtypeOption = None,
    memory_budget: options.MemoryBudget = None,
    prefer: options.Prefer = None,
    models_dir: options.ModelsDir = None,
    offline: options.Offline = False,
    strict: options.Strict = False,
    allow_unsafe_weights: options.AllowUnsafeWeights = False,
    machine: options.Machine = None,
    save: options.SavePlan = None,
    json: options.Json = False,
) -> None:
    """Show how a model would run here and why, without loading it.

    The chosen candidate comes with its reason, settings and estimates, every other candidate with
    the reason against it, and with what would make it the chosen one.
    """
    with edge(json=json):
        from lmrt.bootstrap.client import runtime_client
        from lmrt.cli.download_progress import downloads_shown
        from lmrt.cli.ledgers import ledger_of
        from lmrt.cli.runtime_options import runtime_config
        from lmrt.cli.settings import read_settings

        settings = read_settings(offline=offline)
        config = runtime_config(
            settings,
            model or settings.model or BUNDLED_MODEL,
            backend=backend,
            device=device,
            context=context,
            kv_type=kv_type,
            dtype=dtype,
            memory_budget=memory_budget,
            prefer=prefer,
            models_dir=models_dir,
            strict=strict,
            allow_unsafe_weights=allow_unsafe_weights,
        )
        surroundings = None if machine is None else _described(machine)
        with (
            downloads_shown(silent=json) as shown,
            runtime_client(
                aliases=settings.aliases, downloads=shown, ledger=ledger_of(settings)
            ) as client,
        ):
            found = client.runtime_loader.explain_plan(config, surroundings)
        _write(found, save, json=json)


def _described(path: "Path") -> "Surroundings":
    from lmrt.cli.saved import read_saved
    from lmrt.wire.machine import machine_from_payload

    return read_saved(path, machine_from_payload)


def _write(plan: "RuntimePlan", save: "Path | None", *, json: bool) -> None:
    from lmrt.wire.plan import plan_payload

    if save is not None:
        from lmrt.cli.saved import write_saved

        write_saved(save, plan_payload(plan))
    if json:
        print_json(plan_payload(plan))
    else:
        _show(plan)
        if save is not None:
            say(f"saved: {save}")


def _show(plan: "RuntimePlan") -> None:
    from lmrt.cli.explain import counterfactual_lines, plan_lines
    from lmrt.cli.ledger import installs

    console = table_console()
    console.print("\n".join(plan_lines(plan)), highlight=False, markup=False, soft_wrap=True)
    for notice in plan.notices:
        show_notice(notice)
    if plan.alternatives:
        console.print()
        console.print(_table(plan))
    lines = counterfactual_lines(plan.counterfactuals)
    if lines:
        console.print("\nwould be chosen")
        console.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)
    for command in installs(plan.alternatives):
        say(f"fix: {command}")


def _table(plan: "RuntimePlan") -> "Table":
    from rich.markup import escape
    from rich.table import Table

    from lmrt.cli.ledger import reasons

    table = Table(title="other candidates", title_justify="left", box=None, pad_edge=False)
    for name in ("artifact", "backend", "device", "why not"):
        table.add_column(name, overflow="fold")
    for row in plan.alternatives:
        why = "\n".join(escape(reason) for reason in reasons(row))
        table.add_row(escape(row.artifact), row.backend, row.device or "-", why)
    return table
