"""A saved plan, and the options that cannot stand beside one."""

from collections.abc import Mapping
from pathlib import Path

from lmrt.cli.saved import read_saved
from lmrt.domain.errors import ConfigurationError
from lmrt.domain.plans import RuntimePlan
from lmrt.wire.plan import plan_from_payload


def replayable_plan(path: Path, options: Mapping[str, object]) -> RuntimePlan:
    """Return the plan that a file holds.

    Args:
        path: The file.
        options: Those that would ask for another plan, by name, with their values.

    Raises:
        ConfigurationError: One of the options is given (`invalid-option`), or the file holds no
            plan (`unreadable-input`, `invalid-document`).
    """
    given = [name for name, value in options.items() if value is not None]
    if given:
        names = ", ".join(f"`--{name}`" for name in given)
        raise ConfigurationError(
            f"{names} cannot be given beside `--plan`, which says it already",
            code="invalid-option",
            context={"option": "plan", "value": str(path), "others": given},
            hint=f"leave out either, or plan again with {names} and `rt plan --save`",
        )
    return read_saved(path, plan_from_payload)
