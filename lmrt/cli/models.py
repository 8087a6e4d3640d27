"""`rt models`: the models that are here."""

from typing import TYPE_CHECKING

import typer

from lmrt.cli import models_catalogue, models_path, models_pull, models_show, options
from lmrt.cli.edge import edge
from lmrt.cli.terminal import print_json, table_console

if TYPE_CHECKING:
    from lmrt.domain.models import ResolvedModel

app = typer.Typer(help="The models that are here, and how to get others.", no_args_is_help=True)
app.command("catalogue")(models_catalogue.catalogue)
app.command("show")(models_show.show)
app.command("pull")(models_pull.pull)
app.command("path")(models_path.path)
app.command("catalogue")(models_catalogue.catalogue)


@app.callback()
def _models() -> None:
    """The models that are here, and how to get others."""


@app.command("list")
def list_models(models_dir: options.ModelsDir = None, json: options.Json = False) -> None:
    """List the models under the models directory, and the bundled one."""
    with edge(json=json):
        from lmrt.bootstrap import bundled_models, runtime_client
        from lmrt.cli.settings import read_settings

        settings = read_settings()
        with runtime_client(aliases=settings.aliases) as client:
            found = client.discover_local_models(models_dir or settings.models_dir)
            known = {model.location for model in found}
            bundled = [client.resolve(name) for name in bundled_models()]
        rows = (*(model for model in bundled if model.location not in known), *found)
        if json:
            from lmrt.wire.models import models_payload

            print_json(models_payload(rows))
        else:
            _show(rows)


def _show(models: "tuple[ResolvedModel, ...]") -> None:
    from rich.markup import escape
    from rich.table import Table

    from lmrt.domain.sizes import format_size

    table = Table(box=None, pad_edge=False)
    for name in ("model", "format", "quantization", "size", "context", "where"):
        table.add_column(name, overflow="fold", justify="right" if name == "size" else "left")
    for model in models:
        for artifact in model.artifacts:
            table.add_row(
                escape(model.name),
                artifact.format,
                artifact.quantization.name,
                format_size(artifact.size),
                f"{model.trained_context:,}" if model.trained_context else "unknown",
                escape(model.location),
            )
    table_console().print(table)
