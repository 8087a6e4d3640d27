"""Short names for well-known models, and for lists of variants that a user keeps."""

from lmrt.adapters.catalogue.own import OwnVariantsSource
from lmrt.adapters.catalogue.reader import read_catalogue
from lmrt.adapters.catalogue.source import CatalogueSource

__all__ = ["CatalogueSource", "OwnVariantsSource", "read_catalogue"]
