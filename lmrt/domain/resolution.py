"""How a reference was followed: every reading of it, and what came of each."""

from attrs import frozen

from lmrt.domain.models import ResolvedModel
from lmrt.domain.references import (
    Alias,
    HubRepository,
    Interpretation,
    LocalPath,
    Lookup,
    UnderModelsDir,
)


@frozen
class Found:
    """The reading led to the model, which lies at `location`."""

    location: str


@frozen
class Nothing:
    """The reading led nowhere."""


@frozen
class Follows:
    """The reading is an alias of the user's own, which stands for another reference."""

    reference: str


@frozen
class Failed:
    """The reading led to a place that is no model, or to one that cannot be had.

    Attributes:
        code: Of the error.
        message: Of the error.
    """

    code: str
    message: str


@frozen
class NotTried:
    """An earlier reading had led to a model."""


Outcome = Found | Nothing | Follows | Failed | NotTried


@frozen
class Attempt:
    """One reading of a reference.

    Attributes:
        reading: How it was read.
        place: What that stands for: a path, an alias, a repository.
        outcome: What came of it.
    """

    reading: Interpretation
    place: str
    outcome: Outcome


@frozen
class Resolution:
    """A resolved reference.

    Attributes:
        model: Where it led.
        attempts: Every reading in the order that they are tried; where a user's alias was
            followed, the readings of what it stands for come after it.
    """

    model: ResolvedModel
    attempts: tuple[Attempt, ...]


def kind_of(reading: Interpretation) -> str:
    """Return the name of a way to read a reference, as `ResolvedModel.resolved_as` has it."""
    match reading:
        case LocalPath():
            return "path"
        case UnderModelsDir():
            return "models-dir"
        case Alias():
            return "alias"
        case HubRepository():
            return "hub"


def place_of(reading: Interpretation, lookup: Lookup) -> str:
    """Return what a reading stands for, for people."""
    match reading:
        case UnderModelsDir(name):
            return str(lookup.models_dir / name)
        case _:
            return str(reading)


def outcome_text(attempt: Attempt) -> str:
    """Return what came of a reading, for people."""
    match attempt.outcome, attempt.reading:
        case Found(location), _:
            return f"found, {location}"
        case Follows(reference), _:
            return f"your own, stands for `{reference}`"
        case Failed(_, message), _:
            return message
        case NotTried(), _:
            return "not tried"
        case Nothing(), Alias(name):
            return f"there is none called `{name}`"
        case Nothing(), _:
            return f"there is no `{attempt.place}`"
