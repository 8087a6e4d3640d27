"""From what the user typed to a model."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from lmrt.domain.errors import ConfigurationError, ModelNotFound, NotMaterialized
from lmrt.domain.models import ResolvedModel
from lmrt.domain.references import Alias, HubRepository, Interpretation, Lookup, interpretations
from lmrt.ports.models import ModelSource


class Resolver:
    """Tries the readings of a reference in their order over every source of models.

    Args:
        sources: Where models can be found.
        aliases: The user's own short names, each for another reference.
    """

    def __init__(self, sources: Sequence[ModelSource], aliases: Mapping[str, str]) -> None:
        self._sources = tuple(sources)
        self._aliases = dict(aliases)

    def resolve(self, reference: str, lookup: Lookup) -> ResolvedModel:
        """Return the model that the reference leads to.

        Raises:
            ConfigurationError: The text can be no reference, or its alias leads back to itself.
            ModelNotFound: No reading leads to a model.
            NotMaterialized: It is known, but its files are not on this machine.
            LoadFailed: A file is malformed.
        """
        return self._resolve(reference, lookup, seen=())

    def discover(self, models_dir: Path) -> tuple[ResolvedModel, ...]:
        """Return the models that lie under `models_dir`."""
        return tuple(model for source in self._sources for model in source.discover(models_dir))

    def _resolve(self, reference: str, lookup: Lookup, seen: tuple[str, ...]) -> ResolvedModel:
        empty: ModelNotFound | None = None
        for reading in interpretations(reference):
            try:
                found = self._find(reading, reference, lookup)
            except ModelNotFound as error:
                # A folder of that name holds no model; a later reading may still lead to one.
                empty = empty or error
                continue
            if found is not None:
                return found
            match reading:
                case Alias(name) if name in self._aliases:
                    return self._follow(name, lookup, seen)
                case _:
                    continue
        raise empty or self._not_found(reference, lookup.models_dir)

    def _follow(self, name: str, lookup: Lookup, seen: tuple[str, ...]) -> ResolvedModel:
        if name in seen:
            chain = " -> ".join((*seen, name))
            raise ConfigurationError(
                f"alias `{name}` leads back to itself: {chain}",
                code="invalid-reference",
                context={"reference": name},
                hint="mend the table `[aliases]` of the configuration file",
            )
        return self._resolve(self._aliases[name], lookup, (*seen, name))

    def _find(
        self, reading: Interpretation, reference: str, lookup: Lookup
    ) -> ResolvedModel | None:
        try:
            for source in self._sources:
                found = source.find(reading, lookup)
                if found is not None:
                    return found
        except NotMaterialized as error:
            if isinstance(reading, HubRepository) and not reference.startswith("hf:"):
                error.note = (
                    f"`{reference}` is no path here, no name under `{lookup.models_dir}` and no "
                    "alias, so it was read as a Hub repository"
                )
            raise
        return None

    def _not_found(self, reference: str, models_dir: Path) -> ModelNotFound:
        known = sorted(
            {name for source in self._sources for name in source.known_names(models_dir)}
            | set(self._aliases)
        )
        close = get_close_matches(reference, known, n=3, cutoff=0.6)
        hint = "`rt models list` shows the models that are here"
        if close:
            hint = "did you mean " + " or ".join(f"`{name}`" for name in close) + "?"
        return ModelNotFound(
            f"no model `{reference}`",
            code="model-not-found",
            context={"reference": reference, "models_dir": str(models_dir), "close": close},
            note=f"looked for a path, a name under `{models_dir}` and an alias",
            hint=hint,
        )
