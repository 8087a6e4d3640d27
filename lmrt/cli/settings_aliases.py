"""The table `[aliases]` of the configuration file."""

from collections.abc import Mapping
from pathlib import Path

from lmrt.domain.errors import ConfigurationError
from lmrt.domain.references import AliasTarget, interpretations, is_alias


def read_aliases(path: Path, table: Mapping[str, object]) -> dict[str, AliasTarget]:
    """Return the user's own short names.

    Args:
        path: The configuration file, for errors.
        table: Each name with a reference, or with a list of references that are variants of one
            model.

    Raises:
        ConfigurationError: A name could never be read as an alias, or a value is no reference
            (`invalid-config-file`).
    """
    return {name: _target(path, name, value) for name, value in table.items()}


def invalid_config_file(path: Path, what: str, hint: str) -> ConfigurationError:
    """Return the error for a configuration file."""
    return ConfigurationError(
        f"`{path}`: {what}",
        code="invalid-config-file",
        context={"path": str(path)},
        hint=hint,
    )


def _target(path: Path, name: str, value: object) -> AliasTarget:
    if not is_alias(name):
        raise invalid_config_file(
            path,
            f"`aliases.{name}` could never be used: the name would be read as something else",
            "choose a name without `/` at its start or within it, and not one of a GGUF file",
        )
    match value:
        case str():
            return _reference(path, name, value)
        case [_, *_]:
            return tuple(_reference(path, name, one) for one in value)
        case _:
            raise _no_target(path, name, value)


def _reference(path: Path, name: str, reference: object) -> str:
    if not isinstance(reference, str):
        raise _no_target(path, name, reference)
    try:
        interpretations(reference)
    except ConfigurationError as error:
        raise invalid_config_file(
            path, f"`aliases.{name}`: {error.message}", error.hint or "name a model"
        ) from error
    return reference


def _no_target(path: Path, name: str, value: object) -> ConfigurationError:
    return invalid_config_file(
        path, f"`aliases.{name}` is {value!r}", "make it a text, or a list of texts"
    )
