"""The table of `docs/planner.md` has each plan of the golden pages, as it stands there, once."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.golden.plans import FOLDER

DOCS = Path(__file__).parents[3] / "docs" / "planner.md"
PLACES = {"cpu": "CPU", "metal-full": "Metal", "cuda-full": "card", "cuda-partial": "card and CPU"}
FILE = re.compile(r"-(Q\d\w+|mxfp4|MXFP4-Q\d|\d-?bit)(?:\.gguf)?$")
Plan = tuple[str, str, str]
"""Model, machine and what runs."""


def plans() -> Iterator[Plan]:
    """Yield what the pages tell."""
    for page in FOLDER.iterdir():
        for block in page.read_text("utf-8").split("\n\n")[1:]:
            model, *lines = block.splitlines()
            if "--backend" not in model:
                yield model, page.stem, _runs({line[2:12].strip(): line[12:] for line in lines})


def _runs(told: dict[str, str]) -> str:
    if "nothing" in told:
        return "nothing"
    artifact, _, backend = told["runs"].rpartition(" on ")
    found = FILE.search(artifact)
    assert found is not None, artifact
    file = re.sub(r"(\d)-?bit", r"\1-bit", found[1].upper().replace("BIT", "bit"))
    place = PLACES[re.split(r"[(:]", told["layers"])[0]]
    context, cache = told["context"].split(" tokens, ")
    kept = cache.startswith(("f16", "bf16"))
    end = "" if kept else f", {cache.split()[0]} cache"
    return f"`{file}`, {backend}, {place}, {context}{end}"


def rows() -> Iterator[tuple[list[str], list[str], str, str]]:
    """Yield models, machines, plan and reason of each row of the table."""
    section = DOCS.read_text("utf-8").partition("\n## Other machines\n")[2].partition("\n## ")[0]
    models = list(dict.fromkeys(model for model, _, _ in plans()))
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 4 and cells[0] != "models":
            names = models if cells[0] == "all" else re.findall(r"`([^`]+)`", cells[0])
            yield names, re.findall(r"`([^`]+)`", cells[1]), cells[2], cells[3]


def test_every_plan_stands_in_the_table_once() -> None:
    told = Counter(
        (model, machine, plan)
        for models, machines, plan, _ in rows()
        for model in models
        for machine in machines
    )

    assert {plan for plan, count in told.items() if count > 1} == set()
    assert set(told) == set(plans())


def test_every_row_has_a_reason() -> None:
    assert all(len(reason) > 15 for _, _, _, reason in rows())
