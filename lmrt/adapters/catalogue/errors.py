"""What is said where no form of a model can be reached."""

from collections.abc import Sequence

from lmrt.domain.errors import LmrtError, NotMaterialized

_NOT_HERE = "not-downloaded"


def none_found(alias: str, failures: Sequence[tuple[str, LmrtError]]) -> LmrtError:
    """Return the error for an alias of which no repository or folder gives a model.

    It has the code of the first failure, since the places are asked for one and the same model;
    where all of them are only not here, the hint tells how to get one.

    Args:
        alias: What the user typed.
        failures: Each place with what was wrong, at least one.
    """
    note = "\n".join(f"`{place}`: {error.message}" for place, error in failures)
    context = {
        "reference": alias,
        "places": {place: error.code for place, error in failures},
    }
    if all(error.code == _NOT_HERE for _, error in failures):
        return NotMaterialized(
            f"no variant of `{alias}` is on this machine",
            code="not-downloaded",
            context=context,
            note=note,
            hint=f"rt models pull {alias}",
        )
    _, first = next(each for each in failures if each[1].code != _NOT_HERE)
    return type(first)(
        f"no variant of `{alias}` can be reached",
        code=first.code,
        context=context,
        note=note,
        hint=first.hint,
    )
