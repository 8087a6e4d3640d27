"""`OwnVariantsSource`: a user's own aliases that list the variants of a model."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from attrs import evolve

from lmrt.adapters.catalogue.errors import no_model
from lmrt.adapters.catalogue.reader import read_catalogue
from lmrt.adapters.catalogue.variants import one_model_of
from lmrt.domain.catalogue import Catalogue
from lmrt.domain.errors import LmrtError
from lmrt.domain.models import ResolvedModel
from lmrt.domain.references import (
    Alias,
    Aliases,
    HubRepository,
    Interpretation,
    Lookup,
    interpretations,
)
from lmrt.ports.models import ModelSource, RepositorySource


class OwnVariantsSource:
    """Finds the models that a user's own alias lists the variants of; a `ModelSource`.

    Args:
        aliases: The user's own short names; those of one reference are not this source's.
        local: Where a listed reference is looked for first.
        hub: Where it is looked for then, if it can be a repository.
        read: Reads the catalogue, whose names may be listed too.
    """

    def __init__(
        self,
        aliases: Aliases,
        local: ModelSource,
        hub: RepositorySource,
        read: Callable[[], Catalogue] = read_catalogue,
    ) -> None:
        self._lists: Mapping[str, tuple[str, ...]] = {
            name: target for name, target in aliases.items() if not isinstance(target, str)
        }
        self._local = local
        self._hub = hub
        self._read = read

    def find(self, interpretation: Interpretation, lookup: Lookup) -> ResolvedModel | None:
        """Return the model of an alias, or None for another reading or an unknown name.

        A listed reference that leads nowhere is left out with a notice.

        Raises:
            LmrtError: No listed reference leads to a model; of the kind of the first one's.
        """
        match interpretation:
            case Alias(name) if name in self._lists:
                return one_model_of(name, self._answers(name, lookup), offline=lookup.offline)
            case _:
                return None

    def discover(self, models_dir: Path) -> tuple[ResolvedModel, ...]:  # noqa: ARG002 - the port's
        """Return nothing: the other sources discover what lies under `models_dir`."""
        return ()

    def known_names(self, models_dir: Path) -> tuple[str, ...]:  # noqa: ARG002 - the port's
        """Return the names of the lists."""
        return tuple(sorted(self._lists))

    def _answers(self, name: str, lookup: Lookup) -> list[tuple[str, ResolvedModel | LmrtError]]:
        """Return each listed place with what it holds; the repositories are asked together."""
        places = [place for text in self._lists[name] for place in self._places(text, lookup)]
        wanted = [place for _, place in places if isinstance(place, HubRepository)]
        answers = iter(self._hub.find_together(wanted, lookup) if wanted else ())
        return [
            (label, next(answers) if isinstance(place, HubRepository) else place)
            for label, place in places
        ]

    def _places(
        self, text: str, lookup: Lookup
    ) -> Iterator[tuple[str, HubRepository | ResolvedModel | LmrtError]]:
        """Yield what a listed reference stands for, or each repository of the catalogue's name."""
        readings = interpretations(text)
        entry = self._read().find(text) if Alias(text) in readings else None
        if entry is None:
            yield _label(text, readings), self._place(text, readings, lookup)
            return
        for variant in entry.variants:
            yield str(variant.repository), variant.repository

    def _place(
        self, text: str, readings: Sequence[Interpretation], lookup: Lookup
    ) -> HubRepository | ResolvedModel | LmrtError:
        """Return the model that lies on this machine, else the repository to ask."""
        try:
            for reading in readings:
                if (model := self._local.find(reading, lookup)) is not None:
                    return model
        except LmrtError as error:
            return error
        last = readings[-1]
        return last if isinstance(last, HubRepository) else no_model(text)


def _label(text: str, readings: Sequence[Interpretation]) -> str:
    """Return the place that a listed reference names, without the variant that it asks for.

    An artifact's id, which begins with it, is then a reference to that artifact.
    """
    match readings[-1]:
        case HubRepository(variant=str()) as hub:
            return str(evolve(hub, variant=None))
        case _:
            return text
