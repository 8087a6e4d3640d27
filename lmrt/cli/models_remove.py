"""`rt models remove`: delete a model's files, after saying what that frees."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from lmrt.cli import options
from lmrt.cli.edge import edge
from lmrt.cli.terminal import for_terminal, print_json, say

if TYPE_CHECKING:
    from lmrt.domain.errors import ConfigurationError
    from lmrt.domain.stores import Removal


def remove(
    model: options.Stored,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Remove from the store of another tool too.")
    ] = False,
    models_dir: options.ModelsDir = None,
    json: options.Json = False,
) -> None:
    """Remove a model from this machine, after showing what that frees and asking.

    Files that other models share stay. The store of another tool is touched with --force only, the
    bundled model never.
    """
    with edge(json=json):
        from lmrt.bootstrap.stores import stores
        from lmrt.cli.models_stored import find_removable, removal_lines
        from lmrt.cli.settings import read_settings, read_store_places
        from lmrt.domain.sizes import format_size

        settings = read_settings()
        root = models_dir or settings.models_dir
        view = stores(root, read_store_places())
        named = find_removable(view, settings.aliases, root, model)
        removal = view.removal(named, force=force)
        if not yes and (json or not sys.stdin.isatty()):
            raise _not_confirmed(removal)
        if not json:
            say(for_terminal("\n".join(removal_lines(removal))))
        if not (yes or _agreed()):
            say("nothing was removed")
            return
        view.remove(removal)
        if json:
            from lmrt.wire.stores import removal_payload

            print_json(removal_payload(removal, done=True))
        else:
            say(f"removed, {format_size(removal.freed)} freed")


def _agreed() -> bool:
    """Ask at the terminal; Ctrl-C ends the command, having removed nothing."""
    try:
        return typer.confirm("remove it?", err=True)
    except typer.Abort:
        say("\nnothing was removed")
        raise


def _not_confirmed(removal: "Removal") -> "ConfigurationError":
    from lmrt.domain.errors import ConfigurationError
    from lmrt.domain.sizes import format_size

    return ConfigurationError(
        f"removing `{removal.model.id}` must be confirmed: it frees {format_size(removal.freed)}",
        code="confirmation-needed",
        context={
            "model": removal.model.id,
            "freed": removal.freed,
            "files": [str(path) for path in removal.files],
        },
        note="there is no terminal to ask at, or `--json` was given",
        hint="give `--yes` to remove it without being asked",
    )
