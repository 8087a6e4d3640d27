"""`rt models catalogue`: the models that have a short name."""

from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from lmrt.cli import options
from lmrt.cli.edge import edge
from lmrt.cli.terminal import print_json, table_console

if TYPE_CHECKING:
    from rich.table import Table

    from lmrt.domain.catalogue import Catalogue, Entry
    from lmrt.domain.errors import ModelNotFound

Word = Annotated[
    str | None,
    typer.Argument(metavar="WORD", help="Part of an alias, a family or a maker."),
]


def catalogue(word: Word = None, json: options.Json = False) -> None:
    """List the models that have a short name: a line for each family, or for each that matches.

    It opens no socket.
    """
    with edge(json=json):
        from lmrt.bootstrap import catalogue as read

        known = read()
        entries = known.entries if word is None else known.matching(word)
        if not entries:
            raise _no_match(word, known)
        if json:
            from lmrt.wire.catalogue import catalogue_payload

            print_json(catalogue_payload(entries))
        elif word is None:
            table_console().print(_families(entries))
        else:
            table_console().print(_sizes(entries))


def _families(entries: "tuple[Entry, ...]") -> "Table":
    table = _table("family", "sizes", "takes", "licence", "maker")
    for _, sizes in groupby(entries, key=lambda entry: entry.family):
        family = tuple(sizes)
        default = next(entry for entry in family if entry.family in entry.names)
        licences = dict.fromkeys(_licence(entry) for entry in (default, *family))
        takes = {str(kind) for entry in family for kind in entry.modalities}
        table.add_row(
            default.family,
            ", ".join(entry.size + "*" * (entry is default) for entry in family),
            ", ".join(sorted(takes)),
            ", ".join(licences),
            default.maker,
        )
    table.caption = "* what the family's name alone means"
    table.caption_justify = "left"
    return table


def _sizes(entries: "tuple[Entry, ...]") -> "Table":
    table = _table("alias", "parameters", "context", "takes", "licence", "repositories")
    for entry in entries:
        table.add_row(
            "\n".join(entry.names),
            _parameters(entry),
            f"{entry.context:,}",
            ", ".join(sorted(entry.modalities)),
            _licence(entry),
            "\n".join(str(variant.repository) for variant in entry.variants),
        )
    return table


def _table(*names: str) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    return table


def _parameters(entry: "Entry") -> str:
    from lmrt.cli.models_text import format_count

    active = entry.active_parameters
    total = format_count(entry.parameters)
    return total if active is None else f"{total}, {format_count(active)} active"


def _licence(entry: "Entry") -> str:
    return f"{entry.licence} (gated)" if entry.gated else entry.licence


def _no_match(word: str | None, known: "Catalogue") -> "ModelNotFound":
    from lmrt.domain.errors import ModelNotFound
    from lmrt.domain.suggestions import did_you_mean

    return ModelNotFound(
        f"nothing in the catalogue matches `{word}`",
        code="model-not-found",
        context={"word": word},
        hint=did_you_mean(word or "", known.names)
        or "`rt models catalogue` lists it; any repository of the Hub can be named as `org/name`",
    )
