"""docs/catalogue.md shows the data as it is."""

import runpy
from pathlib import Path

from lmrt.adapters.catalogue import read_catalogue

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "catalogue.md").read_text("utf-8")


def test_the_table_is_what_the_data_gives() -> None:
    page = runpy.run_path(str(ROOT / "tools" / "catalogue_page.py"))["page"]
    assert page(PAGE) == PAGE, "run `python tools/catalogue_page.py`"


def test_every_name_and_repository_is_on_the_page() -> None:
    for entry in read_catalogue().entries:
        assert all(f"`{name}`" in PAGE for name in entry.names)
        assert all(f"/{variant.repository.repository})" in PAGE for variant in entry.variants)
