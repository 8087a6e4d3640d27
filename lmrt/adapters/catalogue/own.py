"""`OwnVariantsSource`: a user's own aliases that list the variants of a model."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from attrs import evolve

from lmrt.adapters.catalogue.errors import no_model
from lmrt.adapters.catalogue.reader import read_catalogue
from lmrt.adapters.catalogue.variants import Member, one_model_of
from lmrt.domain.catalogue import Catalogue
from lmrt.domain.models import ResolvedModel
from lmrt.domain.references import (
    Alias,
    Aliases,
    HubRepository,
    Interpretation,
    Lookup,
    interpretations,
)
from lmrt.ports.models import ModelSource


class OwnVariantsSource:
    """Finds the models that a user's own alias lists the variants of; a `ModelSource`.

    Args:
        aliases: The user's own short names; those of one reference are not this source's.
        sources: Where a listed reference is looked for, the first that knows it counts.
        read: Reads the catalogue, whose names may be listed too.
    """

    def __init__(
        self,
        aliases: Aliases,
        sources: Sequence[ModelSource],
        read: Callable[[], Catalogue] = read_catalogue,
    ) -> None:
        self._lists: Mapping[str, tuple[str, ...]] = {
            name: target for name, target in aliases.items() if not isinstance(target, str)
        }
        self._sources = tuple(sources)
        self._read = read

    def find(self, interpretation: Interpretation, lookup: Lookup) -> ResolvedModel | None:
        """Return the model of an alias, or None for another reading or an unknown name.

        A listed reference that leads nowhere is left out with a notice.

        Raises:
            LmrtError: No listed reference leads to a model; of the kind of the first one's.
        """
        match interpretation:
            case Alias(name) if name in self._lists:
                members = [
                    member for text in self._lists[name] for member in self._members(text, lookup)
                ]
                return one_model_of(name, members, offline=lookup.offline)
            case _:
                return None

    def discover(self, models_dir: Path) -> tuple[ResolvedModel, ...]:  # noqa: ARG002 - the port's
        """Return nothing: the other sources discover what lies under `models_dir`."""
        return ()

    def known_names(self, models_dir: Path) -> tuple[str, ...]:  # noqa: ARG002 - the port's
        """Return the names of the lists."""
        return tuple(sorted(self._lists))

    def _members(self, text: str, lookup: Lookup) -> Iterator[Member]:
        """Yield what a listed reference stands for: a place, or each of the catalogue's for it."""
        readings = interpretations(text)
        entry = self._read().find(text) if Alias(text) in readings else None
        if entry is None:
            yield Member(_label(text, readings), partial(self._found, text, readings, lookup))
            return
        for variant in entry.variants:
            label, where = str(variant.repository), (variant.repository,)
            yield Member(label, partial(self._found, label, where, lookup))

    def _found(
        self, text: str, readings: Sequence[Interpretation], lookup: Lookup
    ) -> ResolvedModel:
        for reading in readings:
            for source in self._sources:
                if (model := source.find(reading, lookup)) is not None:
                    return model
        raise no_model(text)


def _label(text: str, readings: Sequence[Interpretation]) -> str:
    """Return the place that a listed reference names, without the variant that it asks for.

    An artifact's id, which begins with it, is then a reference to that artifact.
    """
    match readings[-1]:
        case HubRepository(variant=str()) as hub:
            return str(evolve(hub, variant=None))
        case _:
            return text
