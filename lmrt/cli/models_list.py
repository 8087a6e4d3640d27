"""`rt models list`: every model on this machine, whoever keeps it."""

import sys
from typing import TYPE_CHECKING

from lmrt.cli import options
from lmrt.cli.edge import edge
from lmrt.cli.terminal import for_terminal, print_json, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lmrt.domain.stores import Inventory


def list_models(models_dir: options.ModelsDir = None, json: options.Json = False) -> None:
    """List the models on this machine: ours and those of other tools, without copying a byte.

    Looks into the models directory, the Hugging Face cache, and the stores of Ollama, LM Studio
    and llama.cpp, and says which models lie there twice.
    """
    with edge(json=json):
        from lmrt.bootstrap.stores import stores
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

    lines = [*_table(found), "", total_line(found), *duplicate_lines(found.duplicates)]
    sys.stdout.write(for_terminal("\n".join(lines)) + "\n")
    sys.stdout.flush()
    for store, finding in found.findings:
        say(for_terminal(f"finding[{finding.code}] in {store}: {finding.message}"))
    if found.findings:
        say("`rt models remove PATH` deletes what is broken, after asking")


def _table(found: "Inventory") -> "Iterator[str]":
    from lmrt.cli.columns import columns
    from lmrt.domain.files import printable
    from lmrt.domain.sizes import format_size

    head = ("model", "format", "quantization", "size", "context", "takes", "run it as")
    rows = [
        (
            printable(model.id),
            model.format,
            model.quantization,
            format_size(model.size),
            f"{model.trained_context:,}" if model.trained_context else "unknown",
            ", ".join(sorted(model.modalities)),
            printable(model.reference),
        )
        for model in found.models
    ]
    return columns([head, *rows], right=(head.index("size"),))
