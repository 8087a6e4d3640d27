"""`CatalogueSource`: the names of the catalogue."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from attrs import evolve

from lmrt.adapters.catalogue.reader import read_catalogue
from lmrt.adapters.catalogue.variants import one_model_of
from lmrt.domain.catalogue import Catalogue
from lmrt.domain.models import ResolvedModel
from lmrt.domain.references import Alias, Interpretation, Lookup
from lmrt.ports.models import RepositorySource


class CatalogueSource:
    """Finds the models of the catalogue; a `ModelSource`.

    Args:
        hub: Finds repositories.
        read: Reads the catalogue, the first time that it is needed.
    """

    def __init__(
        self, hub: RepositorySource, read: Callable[[], Catalogue] = read_catalogue
    ) -> None:
        self._hub = hub
        self._read = read

    def find(self, interpretation: Interpretation, lookup: Lookup) -> ResolvedModel | None:
        """Return the model of an alias, or None for another reading or an unknown name.

        A repository that cannot be reached is left out with a notice.

        Raises:
            LmrtError: No repository of the alias gives the model; of the kind of the first one's.
        """
        match interpretation:
            case Alias(name) if (entry := self._catalogue.find(name)) is not None:
                repositories = [variant.repository for variant in entry.variants]
                found = self._hub.find_together(repositories, lookup)
                answers = list(zip(map(str, repositories), found, strict=True))
                title = f"{entry.title} {entry.size}"
                model = one_model_of(name, answers, offline=lookup.offline, name=title)
                return evolve(model, licence=entry.licence)
            case _:
                return None

    def discover(self, models_dir: Path) -> tuple[ResolvedModel, ...]:  # noqa: ARG002 - the port's
        """Return nothing: what the catalogue names does not lie under `models_dir`."""
        return ()

    def known_names(self, models_dir: Path) -> tuple[str, ...]:  # noqa: ARG002 - the port's
        """Return every name of the catalogue."""
        return self._catalogue.names

    @cached_property
    def _catalogue(self) -> Catalogue:
        return self._read()
