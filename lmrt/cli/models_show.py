"""`rt models show`: how a reference is read, and what it leads to."""

from typing import TYPE_CHECKING

from lmrt.cli import options
from lmrt.cli.edge import edge
from lmrt.cli.terminal import print_json, show_notice, table_console

if TYPE_CHECKING:
    from lmrt.domain.resolution import Resolution


def show(
    model: options.Reference,
    models_dir: options.ModelsDir = None,
    offline: options.Offline = False,
    json: options.Json = False,
) -> None:
    """Show how a reference is read, the model, and every artifact of it.

    Only headers are read, also of files that are still on the Hub.
    """
    with edge(json=json):
        from lmrt.bootstrap.client import runtime_client
        from lmrt.cli.download_progress import downloads_shown
        from lmrt.cli.settings import read_settings
        from lmrt.domain.references import Lookup

        settings = read_settings(offline=offline)
        lookup = Lookup(models_dir or settings.models_dir, settings.offline)
        with (
            downloads_shown(silent=json) as shown,
            runtime_client(aliases=settings.aliases, downloads=shown) as client,
        ):
            found = client.runtime_loader.explain(model, lookup)
        if json:
            from lmrt.wire.models import model_payload

            print_json(model_payload(found))
        else:
            _show(found)


def _show(found: "Resolution") -> None:
    from lmrt.cli.models_text import artifact_table, model_lines, reading_lines

    console = table_console()
    lines = [*reading_lines(found.attempts), "", *model_lines(found.model), ""]
    console.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)
    console.print(artifact_table(found.model))
    for notice in found.model.notices:
        show_notice(notice)
