"""Writes the table of docs/catalogue.md: `python tools/catalogue_page.py`."""

import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from lmrt.adapters.catalogue import read_catalogue
from lmrt.domain.catalogue import Entry

PAGE = Path(__file__).parents[1] / "docs" / "catalogue.md"
BEGIN = "<!-- The table is written by tools/catalogue_page.py. -->\n"
END = "<!-- The end of the table. -->\n"
_UNITS = ((10**9, "B"), (10**6, "M"))


def page(text: str) -> str:
    """Return the page with its table as the data is now."""
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"the page lacks `{BEGIN.strip()}` or `{END.strip()}`")
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def table() -> str:
    """Return a section for each family, with a row for each size."""
    entries = read_catalogue().entries
    families = sorted(entries, key=lambda entry: (entry.maker.casefold(), entry.maker))
    lines: list[str] = []
    for maker, of_maker in groupby(families, key=lambda entry: entry.maker):
        lines += [f"### {maker}", "", *_HEAD]
        for _, sizes in groupby(of_maker, key=lambda entry: entry.family):
            lines += [_row(entry) for entry in sizes]
        lines.append("")
    return "\n".join(lines)


_HEAD = (
    "| alias | parameters | context | takes | licence | GGUF | MLX | original |",
    "|---|---|---|---|---|---|---|---|",
)


def _row(entry: Entry) -> str:
    names = " ".join(f"`{name}`" for name in entry.names)
    takes = ", ".join(sorted(entry.modalities))
    licence = f"{entry.licence}, gated" if entry.gated else entry.licence
    repositories = " | ".join(
        " ".join(_links(entry, form)) for form in ("GGUF", "MLX", "SAFETENSORS")
    )
    count = _count(entry.parameters)
    if entry.active_parameters is not None:
        count += f", {_count(entry.active_parameters)} active"
    return f"| {names} | {count} | {entry.context:,} | {takes} | {licence} | {repositories} |"


def _links(entry: Entry, form: str) -> Iterator[str]:
    for variant in entry.variants:
        if variant.format == form:
            repository = variant.repository.repository
            shown = variant.quantization or repository.partition("/")[0]
            yield f"[{shown}](https://huggingface.co/{repository})"


def _count(parameters: int) -> str:
    size, unit = next(each for each in _UNITS if parameters >= 0.9995 * each[0])
    return f"{parameters / size:.3g}{unit}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
    sys.stdout.write(f"{PAGE.name} is written\n")
