"""What is said where no form of a model can be reached."""

from collections.abc import Sequence

from lmrt.domain.describe import listed
from lmrt.domain.errors import LmrtError, ModelNotFound, NotMaterialized

_NOT_HERE = "not-downloaded"
_SHOWN = 8


def none_found(alias: str, failures: Sequence[tuple[str, LmrtError]]) -> LmrtError:
    """Return the error for an alias of which no repository or folder gives a model.

    It is of the kind of the first failure that is more than files that are not here, since all
    places are asked for one and the same model.

    Args:
        alias: What the user typed.
        failures: Each place with what was wrong, at least one.
    """
    context = {"reference": alias, "places": {place: error.code for place, error in failures}}
    telling = [error for _, error in failures if error.code != _NOT_HERE]
    if not telling:
        return NotMaterialized(
            f"no variant of `{alias}` is on this machine",
            code="not-downloaded",
            context=context,
            note=f"looked for {listed([place for place, _ in failures])}",
            hint=f"`rt models pull {alias}`, where there is a network, gets the one that runs best",
        )
    return type(telling[0])(
        f"no variant of `{alias}` can be reached",
        code=telling[0].code,
        context=context,
        note=_reasons(failures),
        hint=telling[0].hint,
    )


def no_model(text: str) -> ModelNotFound:
    """Return the error for a listed place where there is no model."""
    return ModelNotFound(
        f"there is no model `{text}`",
        code="model-not-found",
        context={"reference": text},
        hint="mend the alias that names it",
    )


def _reasons(failures: Sequence[tuple[str, LmrtError]]) -> str:
    lines = [
        error.message if place in error.message else f"`{place}`: {error.message}"
        for place, error in failures
    ]
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return "\n".join([*lines[:_SHOWN], *more])
