"""`rt models catalogue`: the models that have a short name."""

from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from lmrt.cli import options
from lmrt.cli.edge import edge
from lmrt.cli.terminal import print_json

if TYPE_CHECKING:
    from lmrt.domain.catalogue import Catalogue, Entry, Variant
    from lmrt.domain.errors import ModelNotFound

Word = Annotated[
    str | None,
    typer.Argument(metavar="WORD", help="Part of an alias, a family or a maker."),
]


def catalogue(word: Word = None, json: options.Json = False) -> None:
    """List the models that have a short name: a line for each family, or for each that matches.

    It opens no socket. `rt models show ALIAS` tells the repositories of one.
    """
    with edge(json=json):
        from lmrt.bootstrap.models import catalogue as read

        known = read()
        entries = known.entries if word is None else known.matching(word)
        if not entries:
            raise _no_match(word, known)
        if json:
            from lmrt.wire.catalogue import catalogue_payload

            print_json(catalogue_payload(entries))
        else:
            from lmrt.cli.columns import columns

            rows = _families(entries) if word is None else _sizes(entries)
            for line in columns(rows):
                typer.echo(line)


def _families(entries: "tuple[Entry, ...]") -> list[tuple[str, ...]]:
    """Return a row for each family, its sizes last since they may be many."""
    rows: list[tuple[str, ...]] = [("family", "means", "takes", "licence", "sizes")]
    for _, sizes in groupby(entries, key=lambda entry: entry.family):
        family = tuple(sizes)
        default = next(entry for entry in family if entry.family in entry.names)
        licences = dict.fromkeys(_licence(entry) for entry in (default, *family))
        takes = {str(kind) for entry in family for kind in entry.modalities}
        rows.append(
            (
                default.family,
                default.alias,
                ", ".join(sorted(takes)),
                ", ".join(licences),
                " ".join(entry.size for entry in family),
            )
        )
    return rows


def _sizes(entries: "tuple[Entry, ...]") -> list[tuple[str, ...]]:
    head = ("alias", "parameters", "context", "takes", "licence", "forms", "also")
    return [head, *map(_size, entries)]


def _size(entry: "Entry") -> tuple[str, ...]:
    return (
        entry.alias,
        _parameters(entry),
        f"{entry.context:,}",
        ", ".join(sorted(entry.modalities)),
        _licence(entry),
        ", ".join(map(_form, entry.variants)),
        " ".join(entry.names[1:]),
    )


def _form(variant: "Variant") -> str:
    """Return what a repository holds: `GGUF`, `MLX 4-bit`, `original`."""
    from lmrt.domain.models import ArtifactFormat

    if variant.format is ArtifactFormat.SAFETENSORS:
        return "original"
    return f"{variant.format} {variant.quantization or ''}".rstrip()


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
