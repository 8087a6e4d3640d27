"""`rt plan`: show how a model would run, and why."""

from typing import TYPE_CHECKING, Annotated

import typer

from lmrt.cli import options
from lmrt.cli.edge import edge
from lmrt.cli.prompt import BUNDLED_MODEL
from lmrt.cli.terminal import print_json, say, show_notice, table_console

if TYPE_CHECKING:
    from rich.table import Table

    from lmrt.domain.plans import RuntimePlan


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
    json: options.Json = False,
) -> None:
    """Show how a model would run here and why, without loading it.

    The chosen candidate comes with its reason, settings and estimates, every other candidate with
    the reason against it.
    """
    with edge(json=json):
        from lmrt.bootstrap import runtime_client
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
        with runtime_client(aliases=settings.aliases) as client:
            if json:
                print_json(client.describe_plan(config))
            else:
                _show(client.plan(config))


def _show(plan: "RuntimePlan") -> None:
    from lmrt.cli.explain import plan_lines
    from lmrt.cli.ledger import installs

    console = table_console()
    console.print("\n".join(plan_lines(plan)), highlight=False, markup=False, soft_wrap=True)
    for notice in plan.notices:
        show_notice(notice)
    if plan.alternatives:
        console.print()
        console.print(_table(plan))
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
