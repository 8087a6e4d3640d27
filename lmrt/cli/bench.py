"""`rt bench`: how fast a model is here, beside what was expected."""

from typing import TYPE_CHECKING, Annotated

import typer

from lmrt.cli import options
from lmrt.cli.edge import edge
from lmrt.cli.prompt import BUNDLED_MODEL
from lmrt.cli.terminal import print_json, show_notice

if TYPE_CHECKING:
    from lmrt.domain.benches import BenchReport

_MEASURED = "What is measured"


def bench(
    model: Annotated[
        str | None, typer.Argument(help="Alias, path, name or Hub repository.", metavar="[MODEL]")
    ] = None,
    prompt_tokens: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Length of the prompt. Default: 512, or half of a shorter context.",
            rich_help_panel=_MEASURED,
        ),
    ] = None,
    tokens: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Tokens to generate. Default: 64, or a quarter of a shorter context.",
            rich_help_panel=_MEASURED,
        ),
    ] = None,
    rounds: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="How often, after one to warm up; the median counts.",
            rich_help_panel=_MEASURED,
        ),
    ] = 3,
    threads: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="CPU threads, at most one a core. Default: as many as there is work for.",
            rich_help_panel=_MEASURED,
        ),
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
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Measure how fast a model reads prompts and generates, beside what its plan expects.

    Later plans on this machine are corrected by it, unless the configuration file says
    `ledger = false`.
    """
    with edge(json=json):
        from attrs import evolve

        from lmrt.bootstrap.client import run_bench
        from lmrt.cli.download_progress import downloads_shown
        from lmrt.cli.ledgers import ledger_of
        from lmrt.cli.progress_line import progress
        from lmrt.cli.runtime_options import runtime_config
        from lmrt.cli.settings import read_settings
        from lmrt.domain.benches import BenchRequest

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
        )
        request = BenchRequest(
            config=evolve(config, threads=threads),
            prompt_tokens=prompt_tokens,
            tokens=tokens,
            rounds=rounds,
        )
        silent = json or quiet
        with downloads_shown(silent=silent) as downloads:
            try:
                with progress(silent=silent) as tell:
                    report = run_bench(
                        request,
                        aliases=settings.aliases,
                        downloads=downloads,
                        ledger=ledger_of(settings),
                        tell=tell or _ignore,
                    )
            except KeyboardInterrupt:
                downloads.interrupted(json=json)
        _show(report, json=json, quiet=quiet)


def _ignore(_what: str) -> None:
    """Take what nobody is told."""


def _show(report: "BenchReport", *, json: bool, quiet: bool) -> None:
    if json:
        from lmrt.wire.bench import bench_payload

        print_json(bench_payload(report))
        return
    import sys

    from lmrt.cli.bench_text import bench_lines

    sys.stdout.write("\n".join(bench_lines(report)) + "\n")
    if not quiet:
        for notice in report.plan.notices:
            show_notice(notice)
