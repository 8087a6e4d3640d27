"""`rt parity`: do the backends that can run a model agree about it?"""

from typing import TYPE_CHECKING, Annotated

import typer

from lmrt.cli import options
from lmrt.cli.edge import edge, fail
from lmrt.cli.exit_codes import ExitCode
from lmrt.cli.prompt import BUNDLED_MODEL
from lmrt.cli.terminal import print_json, say, show_notice, table_console

if TYPE_CHECKING:
    from lmrt.domain.parity.report import ParityReport

_COMPARED = "What is compared"


def parity(
    model: Annotated[
        str | None, typer.Argument(help="Alias, path, name or Hub repository.", metavar="[MODEL]")
    ] = None,
    backends: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            help="Backends to compare. Default: all that can run the model.",
            rich_help_panel=_COMPARED,
        ),
    ] = None,
    prompts: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Prompts in UTF-8, one a line; - for standard input. Default: eight of our own.",
            rich_help_panel=_COMPARED,
        ),
    ] = None,
    max_tokens: Annotated[
        int | None,
        typer.Option(
            "--max-tokens",
            "-n",
            metavar="N",
            help="Most tokens to generate for each prompt. Default: 64.",
            rich_help_panel=_COMPARED,
        ),
    ] = None,
    device: options.Device = None,
    context: options.Context = None,
    kv_type: options.KvTypeOption = None,
    dtype: options.DtypeOption = None,
    models_dir: options.ModelsDir = None,
    offline: options.Offline = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Prove that the backends agree about a model, or say where they do not.

    Compares rendered prompts, token ids, greedy answers and logits. Everything is computed in f32
    where a backend can, unless --dtype or --kv-type say otherwise. Exits with 8 where two backends
    differ by more than their data types explain.
    """
    with edge(json=json):
        from lmrt.application.parity_disagreement import disagreement
        from lmrt.bootstrap.client import parity_check
        from lmrt.cli.download_progress import downloads_shown
        from lmrt.cli.parity_inputs import parity_request
        from lmrt.cli.progress_line import progress
        from lmrt.cli.settings import read_settings

        settings = read_settings(offline=offline)
        request = parity_request(
            settings,
            model or settings.model or BUNDLED_MODEL,
            backends=backends,
            prompts=prompts,
            max_tokens=max_tokens,
            device=device,
            context=context,
            kv_type=kv_type,
            dtype=dtype,
            models_dir=models_dir,
        )
        silent = json or quiet
        with downloads_shown(silent=silent) as downloads:
            try:
                with progress(silent=silent) as tell:
                    check = parity_check(aliases=settings.aliases, downloads=downloads)
                    report = check.run(request, tell)
            except KeyboardInterrupt:
                downloads.interrupted(json=json)
        error = disagreement(report)
        _show(report, json=json, quiet=quiet)
        if error is None:
            return
        if json:
            raise typer.Exit(ExitCode.BACKENDS_DISAGREE)
        fail(error, ExitCode.BACKENDS_DISAGREE, json=False)


def _show(report: "ParityReport", *, json: bool, quiet: bool) -> None:
    if json:
        from lmrt.wire.parity import parity_payload

        print_json(parity_payload(report))
        return
    from lmrt.cli.parity_text import backend_table, explanation_lines, left_out_lines, pair_table

    console = table_console()
    console.print(backend_table(report))
    console.print()
    console.print(pair_table(report))
    console.print()
    console.print(
        "\n".join(explanation_lines(report)), highlight=False, markup=False, soft_wrap=True
    )
    if quiet:
        return
    for notice in dict.fromkeys(notice for run in report.backends for notice in run.notices):
        show_notice(notice)
    for line in left_out_lines(report):
        say(line)
