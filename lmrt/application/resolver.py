"""From what the user typed to a model."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from attrs import evolve

from lmrt.domain.errors import ConfigurationError, LmrtError, ModelNotFound, NotMaterialized
from lmrt.domain.models import ResolvedModel
from lmrt.domain.references import (
    Alias,
    Aliases,
    HubRepository,
    Interpretation,
    Lookup,
    interpretations,
)
from lmrt.domain.resolution import (
    Attempt,
    Failed,
    Follows,
    Found,
    Nothing,
    NotTried,
    Resolution,
    kind_of,
    outcome_text,
    place_of,
)
from lmrt.domain.suggestions import close_names, did_you_mean
from lmrt.ports.models import ModelSource

_E = TypeVar("_E", bound=LmrtError)

_UNSEEN = frozenset({"repository-not-found", "not-downloaded", "hub-unreachable", "hub-timeout"})
"""Codes that leave open whether there is such a repository, so that another can be meant."""


class Resolver:
    """Tries the readings of a reference in their order over every source of models.

    Args:
        sources: Where models can be found; the first that knows a reading counts.
        aliases: The user's own short names. One that stands for another reference is followed
            here; one that stands for several variants is left to the sources.
    """

    def __init__(self, sources: Sequence[ModelSource], aliases: Aliases) -> None:
        self._sources = tuple(sources)
        self._aliases = dict(aliases)

    def resolve(self, reference: str, lookup: Lookup) -> ResolvedModel:
        """Return the model that the reference leads to.

        Raises:
            ConfigurationError: The text can be no reference, or its alias leads back to itself.
            ModelNotFound: No reading leads to a model.
            NotMaterialized: It is known, but its files can neither be found here nor be described.
            LoadFailed: A file is malformed.
        """
        return self.explain(reference, lookup).model

    def explain(self, reference: str, lookup: Lookup) -> Resolution:
        """Return the model with every reading that was tried; raises as `resolve` does."""
        attempts: list[Attempt] = []
        model = self._follow(reference, lookup, attempts, seen=())
        return Resolution(evolve(model, reference=reference.strip()), tuple(attempts))

    def discover(self, models_dir: Path) -> tuple[ResolvedModel, ...]:
        """Return the models that lie under `models_dir`."""
        return tuple(model for source in self._sources for model in source.discover(models_dir))

    def known_names(self, models_dir: Path) -> tuple[str, ...]:
        """Return every name that is known here, sorted: folders, aliases, cached repositories."""
        names = {name for source in self._sources for name in source.known_names(models_dir)}
        return tuple(sorted(names | set(self._aliases)))

    def _follow(
        self, reference: str, lookup: Lookup, attempts: list[Attempt], seen: tuple[str, ...]
    ) -> ResolvedModel:
        first: ModelNotFound | None = None
        readings = interpretations(reference)
        for at, reading in enumerate(readings):
            place = place_of(reading, lookup)
            if (target := self._own_alias(reading)) is not None:
                attempts.append(Attempt(reading, place, Follows(target)))
                _refuse_circle(place, seen)
                return self._follow(target, lookup, attempts, (*seen, place))
            try:
                found = self._find(reading, lookup)
            except ModelNotFound as error:
                # A folder of that name holds no model; a later reading may still lead to one.
                attempts.append(Attempt(reading, place, Failed(error.code, error.message)))
                first = first or self._helped(error, reading, reference, lookup)
                continue
            except NotMaterialized as error:
                self._helped(error, reading, reference, lookup)
                raise
            if found is not None:
                attempts.append(Attempt(reading, place, Found(found.location)))
                attempts += [
                    Attempt(later, place_of(later, lookup), NotTried())
                    for later in readings[at + 1 :]
                ]
                return found
            attempts.append(Attempt(reading, place, Nothing()))
        raise first or self._not_found(reference, lookup, attempts)

    def _own_alias(self, reading: Interpretation) -> str | None:
        """Return the reference that an alias of the user's own stands for."""
        match reading:
            case Alias(name):
                target = self._aliases.get(name)
                return target if isinstance(target, str) else None
            case _:
                return None

    def _find(self, reading: Interpretation, lookup: Lookup) -> ResolvedModel | None:
        found = (source.find(reading, lookup) for source in self._sources)
        return next((model for model in found if model is not None), None)

    def _helped(self, error: _E, reading: Interpretation, reference: str, lookup: Lookup) -> _E:
        """Say why a text was taken for a repository, and which one could have been meant."""
        if not isinstance(reading, HubRepository) or error.code not in _UNSEEN:
            return error
        if not reference.strip().startswith("hf:"):
            why = (
                f"`{reference}` is no model on this machine, neither as a path nor under "
                f"`{lookup.models_dir}`, so it was read as a Hub repository"
            )
            error.note = f"{error.note}\n{why}" if error.note else why
        known = self.known_names(lookup.models_dir)
        meant = did_you_mean(reading.repository, known)
        if meant and reading.repository not in known:
            error.hint = f"{meant}\n{error.hint}" if error.hint else meant
        return error

    def _not_found(
        self, reference: str, lookup: Lookup, attempts: Sequence[Attempt]
    ) -> ModelNotFound:
        known = self.known_names(lookup.models_dir)
        return ModelNotFound(
            f"no model `{reference}`",
            code="model-not-found",
            context={
                "reference": reference,
                "models_dir": str(lookup.models_dir),
                "close": list(close_names(reference, known)),
            },
            note="\n".join(f"{kind_of(one.reading)}: {outcome_text(one)}" for one in attempts),
            hint=did_you_mean(reference, known)
            or "`rt models list` shows the models that are here",
        )


def _refuse_circle(name: str, seen: tuple[str, ...]) -> None:
    if name not in seen:
        return
    chain = " -> ".join((*seen, name))
    raise ConfigurationError(
        f"alias `{name}` leads back to itself: {chain}",
        code="invalid-reference",
        context={"reference": name},
        hint="mend the table `[aliases]` of the configuration file",
    )
