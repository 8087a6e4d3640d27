"""`rt models verify`: are the files of a model what they should be?"""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from lmrt.cli import options
from lmrt.cli.edge import edge, fail
from lmrt.cli.exit_codes import ExitCode
from lmrt.cli.terminal import for_terminal, print_json

if TYPE_CHECKING:
    from lmrt.application.stores import Stores
    from lmrt.domain.errors import NotMaterialized
    from lmrt.domain.stores import StoredModel, Verified


def verify(
    model: options.Stored,
    models_dir: options.ModelsDir = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Check the files of a stored model: headers, sizes, and hashes where they are recorded.

    Reads every byte of a file whose hash is recorded. Exits with 5 where a file is not right.
    """
    with edge(json=json):
        from attrs import evolve

        from lmrt.bootstrap.stores import stores
        from lmrt.cli.models_stored import find_stored
        from lmrt.cli.settings import read_settings, read_store_places

        settings = read_settings()
        root = models_dir or settings.models_dir
        # Headers that were read before are read again: that is what is asked for.
        view = stores(root, evolve(read_store_places(), cache=None))
        stored = find_stored(view, settings.aliases, root, model)
        looked_at = []
        for one in _verified(view, stored, silent=json or quiet):
            looked_at.append(one)
            if not json:
                _show(one, quiet=quiet)
        wrong = [one for one in looked_at if one.finding is not None]
        if json:
            from lmrt.wire.stores import verification_payload

            print_json(verification_payload(stored, looked_at))
            if wrong:
                raise typer.Exit(ExitCode.NOT_MATERIALIZED)
        elif wrong:
            fail(_not_sound(stored, wrong), ExitCode.NOT_MATERIALIZED, json=False)


def _verified(view: "Stores", stored: "StoredModel", *, silent: bool) -> "Iterator[Verified]":
    """Yield what came of each file; a terminal is told which one is read."""
    from lmrt.cli.progress_line import progress
    from lmrt.domain.sizes import format_size

    results = view.verify(stored)
    for file in stored.files:
        with progress(silent=silent) as tell:
            if tell is not None:
                tell(for_terminal(f"reading {file.path.name}, {format_size(file.size)}"))
            result = next(results)
        yield result


def _show(one: "Verified", *, quiet: bool) -> None:
    from lmrt.cli.models_stored import verified_line

    if not quiet or one.finding is not None:
        sys.stdout.write(for_terminal(verified_line(one)) + "\n")
        sys.stdout.flush()


def _not_sound(stored: "StoredModel", wrong: "list[Verified]") -> "NotMaterialized":
    from lmrt.domain.errors import NotMaterialized

    of = f"{len(wrong)} of {len(stored.files)} files"
    return NotMaterialized(
        f"`{stored.id}` is not sound: {of} are not what they should be",
        code="verification-failed",
        context={"model": stored.id, "files": [str(one.file.path) for one in wrong]},
        hint=f"remove it with `rt models remove {stored.id}` and get it again",
    )
