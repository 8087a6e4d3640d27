"""`rt models`: the models that are here, and how to get others."""

import typer

from lmrt.cli import (
    models_catalogue,
    models_list,
    models_path,
    models_pull,
    models_remove,
    models_show,
    models_verify,
)

app = typer.Typer(help="The models that are here, and how to get others.", no_args_is_help=True)
app.command("list")(models_list.list_models)
app.command("show")(models_show.show)
app.command("pull")(models_pull.pull)
app.command("path")(models_path.path)
app.command("catalogue")(models_catalogue.catalogue)
app.command("verify")(models_verify.verify)
app.command("remove")(models_remove.remove)


@app.callback()
def _models() -> None:
    """The models that are here, and how to get others."""
