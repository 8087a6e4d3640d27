"""`rt models list`: every model on this machine, whoever keeps it."""

from typing import TYPE_CHECKING

from lmrt.cli import options
from lmrt.cli.edge import edge
from lmrt.cli.terminal import print_json, say, table_console

if TYPE_CHECKING:
    from rich.table import Table

    from lmrt.domain.stores import Inventory


def list_models(models_dir: options.ModelsDir = None, json: options.Json = False) -> None:
    """List the models on this machine: ours and those of other tools, without copying a byte.

    Looks into the models directory, the Hugging Face cache, and the stores of Ollama, LM Studio
    and llama.cpp, and says which models lie there twice.
    """
    with edge(json=json):
        from lmrt.bootstrap import stores
        from lmrt.cli.settings import read_settings, read_store_places

        settings = read_settings()
        view = stores(models_dir or settings.models_dir, read_store_places())
        found = view.inventory()
        if json:
            from lmrt.wire.stores import inventory_payload

            print_json(inventory_payload(found))
        else:
            _show(found)


def _show(found: "Inventory") -> None:
    from lmrt.cli.models_stored import duplicate_lines, total_line

    console = table_console()
    console.print(_table(found))
    lines = ["", total_line(found), *duplicate_lines(found.duplicates)]
    console.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)
    for store, finding in found.findings:
        say(f"finding[{finding.code}] in {store}: {finding.message}")


def _table(found: "Inventory") -> "Table":
    from rich.markup import escape
    from rich.table import Table

    from lmrt.domain.sizes import format_size

    table = Table(box=None, pad_edge=False)
    names = ("model", "format", "quantization", "size", "context", "takes", "run it as")
    for name in names:
        table.add_column(name, overflow="fold", justify="right" if name == "size" else "left")
    for model in found.models:
        table.add_row(
            escape(model.id),
            model.format,
            model.quantization,
            format_size(model.size),
            f"{model.trained_context:,}" if model.trained_context else "unknown",
            ", ".join(sorted(model.modalities)),
            escape(model.reference),
        )
    return table
