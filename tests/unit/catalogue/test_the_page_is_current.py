"""docs/catalogue.md shows the data as it is."""

from lmrt.adapters.catalogue import read_catalogue
from tools.catalogue_page import PAGE, page


def test_the_table_is_what_the_data_gives() -> None:
    text = PAGE.read_text("utf-8")
    assert page(text) == text, "run `python tools/catalogue_page.py`"


def test_every_name_and_repository_is_on_the_page() -> None:
    text = PAGE.read_text("utf-8")
    for entry in read_catalogue().entries:
        assert all(f"`{name}`" in text for name in entry.names)
        assert all(f"/{variant.repository.repository})" in text for variant in entry.variants)
